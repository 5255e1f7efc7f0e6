//! A report that was kept as JSON, as far as it takes to compare it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::cli::ab::arm::Arm;
use crate::cli::ab::ending::Ending;
use crate::cli::ab::mode::Mode;
use crate::cli::ab::report::json::{NAME, VERSION};
use crate::cli::ab::statistics::median;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    schema: Schema,
    pub(super) machine: Machine,
    rows: Vec<Row>,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Schema {
    name: String,
    version: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Machine {
    cpu: Option<String>,
    cores: usize,
}

/// A script with a number of threads.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    name: String,
    threads: Option<u32>,
    args: Vec<String>,
    samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    #[serde(rename = "mode")]
    arm: Arm,
    warmup: bool,
    wall_s: f64,
    ending: Ending,
}

impl Document {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is none.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = fs::read(path).with_context(|| format!("can't read '{name}'"))?;
        let mut document: Document = serde_json::from_slice(&text)
            .with_context(|| format!("'{name}' is no report of `togil ab --json`"))?;
        let Schema { name: kind, version } = &document.schema;
        if kind != NAME || *version != VERSION {
            bail!(
                "'{name}' is a report of kind '{kind}' and version {version}; this togil reads '{NAME}' of version {VERSION}"
            );
        }
        document.path = path.to_owned();
        Ok(document)
    }

    /// The rows that both have, in the order of the first.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub(super) fn rows_in_common<'a>(
        &'a self,
        other: &'a Document,
    ) -> anyhow::Result<Vec<(&'a Row, &'a Row)>> {
        let pairs: Vec<_> =
            self.rows.iter().filter_map(|row| Some((row, other.find(row)?))).collect();
        if pairs.is_empty() {
            bail!(
                "'{}' and '{}' have no row in common (name, threads and arguments)",
                self.path.display(),
                other.path.display()
            );
        }
        Ok(pairs)
    }

    /// The rows that the other does not have, by their titles.
    pub(super) fn rows_missing_in(&self, other: &Document) -> Vec<String> {
        self.rows.iter().filter(|row| other.find(row).is_none()).map(Row::title).collect()
    }

    fn find(&self, row: &Row) -> Option<&Row> {
        let key = |row: &Row| (row.name.clone(), row.threads, row.args.clone());
        self.rows.iter().find(|other| key(other) == key(row))
    }
}

impl Row {
    /// The wall times of the runs that count, in seconds.
    pub(super) fn walls(&self, mode: Mode) -> Vec<f64> {
        self.samples
            .iter()
            .filter(|run| run.arm == Arm::Mode(mode) && !run.warmup && run.ending.is_success())
            .map(|run| run.wall_s)
            .collect()
    }

    pub(super) fn median(&self, mode: Mode) -> Option<f64> {
        median(self.walls(mode))
    }

    /// For people.
    pub(super) fn title(&self) -> String {
        match self.threads {
            Some(threads) => format!("{}, threads {threads}", self.name),
            None => self.name.clone(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores", self.cpu.as_deref().unwrap_or("unknown CPU"), self.cores)
    }
}

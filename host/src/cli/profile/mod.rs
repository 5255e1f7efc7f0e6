//! `togil run --sample FILE`: on which lines the threads' time went, as folded stacks or for
//! speedscope.

pub(super) mod folded;
pub(super) mod speedscope;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use togil_interp::sampling::Sampler;

use crate::Python;

/// About 1 kHz; a tick is a millisecond, and so is the unit of what is written.
const TICK: Duration = Duration::from_millis(1);

/// A profile that is to be taken. The file exists from the start, so a path that cannot be written
/// to is found before the script runs.
pub(super) struct Profile {
    path: PathBuf,
    file: File,
    /// A child of a fork has the file, too, but nothing to write to it.
    process: u32,
    sampler: Option<Sampler>,
}

impl Profile {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        Ok(Self { path: path.to_owned(), file, process: std::process::id(), sampler: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn start(&mut self, py: Python<'_>) -> io::Result<()> {
        self.sampler = Some(Sampler::start(py, TICK)?);
        Ok(())
    }

    /// Writes what was seen: for speedscope if the file's name ends in `.json`, else folded stacks.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let spent = self.sampler.map(Sampler::finish).unwrap_or_default();
        if std::process::id() != self.process {
            return Ok(());
        }
        let stacks: Vec<folded::Stack> = spent.iter().map(folded::Stack::from).collect();
        let text = match self.path.extension() {
            Some(extension) if extension == "json" => {
                speedscope::render(&self.path.display().to_string(), &stacks)?
            }
            _ => folded::render(&stacks),
        };
        self.file.write_all(text.as_bytes())
    }
}

//! Which findings count: not those that a comment or a baseline lets be.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::PathBuf;

use clap::Args;

use super::baseline::{Baseline, Known};
use super::source::Sources;
use super::suppress::{self, Suppression};
use crate::race::{End, Report, Row, line};

/// Options that say which findings count.
#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// Let findings be that this file has; --write-baseline makes one
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    baseline: Option<PathBuf>,
    /// Write all findings to this file, for --baseline, and let them be
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "name"])]
    write_baseline: Option<PathBuf>,
}

/// A report, and whether its finding counts.
#[derive(Debug)]
pub(super) struct Judged {
    report: Report,
    pub(super) standing: Standing,
    /// Of one with a finding.
    pub(super) known_as: Option<Known>,
}

/// Whether a finding makes the command fail.
#[derive(Debug)]
pub(super) enum Standing {
    /// It does. Of a model without one: it would.
    Counts,
    /// A comment lets it be.
    Suppressed(Suppression),
    /// The baseline has it, or is to have it.
    Known,
}

impl Deref for Judged {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}

impl Judged {
    /// Whether there is a finding that counts.
    pub(super) fn is_bad(&self) -> bool {
        !self.verdict.is_clean() && self.counts()
    }

    pub(super) fn counts(&self) -> bool {
        matches!(self.standing, Standing::Counts)
    }
}

/// Judges findings.
pub(super) struct Judge<'a> {
    args: &'a JudgeArgs,
    sources: Sources,
    baseline: Option<Baseline>,
    suppressions: Vec<Suppression>,
    /// The files whose comments were read.
    looked_at: BTreeSet<String>,
    /// The lines of those comments that were of use.
    used: BTreeSet<(String, u32)>,
}

impl<'a> Judge<'a> {
    /// Reads the baseline.
    ///
    /// # Errors
    /// In words: it cannot be read.
    pub(super) fn new(args: &'a JudgeArgs) -> Result<Self, String> {
        Ok(Self {
            args,
            sources: Sources::default(),
            baseline: args.baseline.as_deref().map(Baseline::read).transpose()?,
            suppressions: Vec::new(),
            looked_at: BTreeSet::new(),
            used: BTreeSet::new(),
        })
    }

    /// Reads the comments of a file that is explored.
    ///
    /// # Errors
    /// In words: one that cannot be understood.
    pub(super) fn open(&mut self, file: &str, text: &str) -> Result<(), String> {
        self.sources.add(file, text);
        self.look_at(file)
    }

    fn look_at(&mut self, file: &str) -> Result<(), String> {
        if self.looked_at.insert(file.to_owned()) {
            self.suppressions.extend(suppress::of(file, self.sources.comments(file))?);
        }
        Ok(())
    }

    /// Says whether a report's finding counts.
    ///
    /// # Errors
    /// In words: a comment that cannot be understood, in a file that was imported.
    pub(super) fn judge(&mut self, report: Report) -> Result<Judged, String> {
        if report.verdict.is_clean() {
            return Ok(Judged { report, standing: Standing::Counts, known_as: None });
        }
        let mut places = places(&report);
        for (file, _) in &places {
            self.look_at(file)?;
        }
        let lines = places.iter().map(|(file, line)| self.sources.code(file, *line)).collect();
        let known = Known::new(&report.target, &report.model, report.verdict, lines);
        // A model of three parts has no name.
        let function = if report.model.is_empty() { "setup" } else { &report.model };
        let definition = self.sources.definition(&report.target, function);
        places.extend(definition.map(|line| (report.target.clone(), line)));
        let about = |one: &&Suppression| {
            places.iter().any(|(file, line)| one.fits(report.verdict, file, *line))
        };
        let fitting: Vec<_> = self.suppressions.iter().filter(about).cloned().collect();
        self.used.extend(fitting.iter().map(|one| (one.file.clone(), one.line)));
        let is_known = self.args.write_baseline.is_some()
            || self.baseline.as_ref().is_some_and(|of| of.has(&known.fingerprint));
        let standing = match fitting.into_iter().next() {
            Some(suppression) => Standing::Suppressed(suppression),
            None if is_known => Standing::Known,
            None => Standing::Counts,
        };
        Ok(Judged { report, standing, known_as: Some(known) })
    }

    /// Writes the new baseline, if one is asked for, and returns what else there is to say: comments
    /// without use, findings that are gone. `is_all`: whether no model was left out.
    pub(super) fn finish(&self, reports: &[Judged], is_all: bool) -> Result<Vec<String>, String> {
        let mut notes = Vec::new();
        for unused in self.suppressions.iter().filter(|_| is_all) {
            if !self.used.contains(&(unused.file.clone(), unused.line)) {
                let place = unused.place();
                notes
                    .push(format!("warning: {place}: nothing was found that this comment ignores"));
            }
        }
        let found = reports.iter().filter_map(|report| report.known_as.as_ref());
        if let Some(baseline) = &self.baseline {
            let found = found.clone().map(|known| known.fingerprint.as_str()).collect();
            let explored: BTreeSet<&str> = reports.iter().map(|of| of.model.as_str()).collect();
            let is_explored = |model: &str| is_all || explored.contains(model);
            for gone in baseline.gone(&self.looked_at, is_explored, &found) {
                let Known { model, verdict, .. } = gone;
                notes.push(format!("note: the baseline has '{verdict}' of {model}, which is gone"));
            }
        }
        if let Some(path) = &self.args.write_baseline {
            let left = reports.iter().filter(|of| matches!(of.standing, Standing::Known));
            let findings: Vec<_> = left.filter_map(|report| report.known_as.clone()).collect();
            let count = findings.len();
            Baseline::of(findings).write(path)?;
            let plural = if count == 1 { "" } else { "s" };
            notes.push(format!("note: wrote {count} finding{plural} to '{}'", path.display()));
        }
        Ok(notes)
    }
}

/// The lines that a finding is about: those that conflict, and those on which threads wait for ever.
fn places(report: &Report) -> BTreeSet<(String, u32)> {
    let Some(finding) = &report.finding else { return BTreeSet::new() };
    let rows = finding.witness.rows.iter().filter(|row| row.conflicts && row.line > 0);
    let conflicts = rows.map(|Row { file, line, .. }| (file.clone(), *line));
    let blocked = match &finding.end {
        End::Deadlock(blocked) | End::Livelock(blocked) => blocked.as_slice(),
        _ => &[],
    };
    conflicts.chain(blocked.iter().filter_map(|blocked| line(blocked.site))).collect()
}

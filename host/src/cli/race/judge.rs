//! Which findings count: not those that a comment or a baseline lets be.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::Args;

use super::baseline::{Baseline, Known, portable};
use super::source::Sources;
use super::suppress::{self, Suppression};
use crate::race::{Blocked, End, Report, Row, line};

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
    /// Other findings of the model that were let be. Each once.
    pub(super) others: Vec<Other>,
}

/// A finding that was let be, and is not the one that is told.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) known_as: Known,
    pub(super) standing: Standing,
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
    /// What was let be of the model that is explored.
    left: Vec<Other>,
    /// What the names of files are relative to.
    base: PathBuf,
}

impl<'a> Judge<'a> {
    /// Reads the baseline.
    ///
    /// # Errors
    /// In words: it cannot be read.
    pub(super) fn new(args: &'a JudgeArgs) -> Result<Self, String> {
        let baseline = args.write_baseline.as_ref().or(args.baseline.as_ref());
        let base = baseline.and_then(|file| file.parent()).unwrap_or(Path::new(""));
        Ok(Self {
            args,
            base: base.to_owned(),
            left: Vec::new(),
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

    /// Whether a finding counts. Remembers one that does not.
    ///
    /// # Errors
    /// In words: a comment that cannot be understood, in a file that was imported.
    pub(super) fn counts(&mut self, report: &Report) -> Result<bool, String> {
        let (standing, known_as) = self.stands(report)?;
        let counts = matches!(standing, Standing::Counts);
        let is_new = |other: &Other| other.known_as.fingerprint != known_as.fingerprint;
        if !counts && self.left.iter().all(is_new) {
            self.left.push(Other { known_as, standing });
        }
        Ok(counts)
    }

    /// Says what a report stands for, once its model was explored.
    ///
    /// # Errors
    /// As [`counts`](Self::counts).
    pub(super) fn judge(&mut self, report: Report) -> Result<Judged, String> {
        let mut others = std::mem::take(&mut self.left);
        if report.verdict.is_clean() {
            return Ok(Judged { report, standing: Standing::Counts, known_as: None, others });
        }
        let (standing, known_as) = self.stands(&report)?;
        others.retain(|other| other.known_as.fingerprint != known_as.fingerprint);
        Ok(Judged { report, standing, known_as: Some(known_as), others })
    }

    fn stands(&mut self, report: &Report) -> Result<(Standing, Known), String> {
        let mut places = self::places(report, |row| row.is_cause);
        // As the first version of baselines has them.
        let all = self::places(report, |row| row.conflicts);
        for (file, _) in &all {
            self.look_at(file)?;
        }
        let mut lines = |places: &BTreeSet<(String, u32)>| -> BTreeSet<String> {
            places.iter().map(|(file, line)| self.sources.code(file, *line)).collect()
        };
        let file = portable(&report.target, &self.base);
        let known = Known::new(file, &report.model, report.verdict, lines(&places), &lines(&all));
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
            || self.baseline.as_ref().is_some_and(|of| of.has(&known));
        let standing = match fitting.into_iter().next() {
            Some(suppression) => Standing::Suppressed(suppression),
            None if is_known => Standing::Known,
            None => Standing::Counts,
        };
        Ok((standing, known))
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
        if let Some(baseline) = &self.baseline {
            notes.extend(baseline.is_old().then(|| {
                "note: the baseline is of an older togil, and takes findings in models of the same name in \
                 different files for one: write it anew with --write-baseline"
                    .to_owned()
            }));
            notes.extend(self.gone(baseline, reports, is_all));
        }
        if let Some(path) = &self.args.write_baseline {
            let findings: Vec<_> = found(reports)
                .filter(|(_, standing)| matches!(standing, Standing::Known))
                .map(|(known, _)| known.clone())
                .collect();
            let count = findings.len();
            Baseline::of(findings).write(path)?;
            let plural = if count == 1 { "" } else { "s" };
            notes.push(format!("note: wrote {count} finding{plural} to '{}'", path.display()));
        }
        Ok(notes)
    }

    /// What the baseline has and was not found, in words. Of a model with a finding that counts nothing is
    /// known: it was explored no further.
    fn gone(&self, baseline: &Baseline, reports: &[Judged], is_all: bool) -> Vec<String> {
        let given = self.looked_at.iter().cloned();
        let files = self.looked_at.iter().map(|file| portable(file, &self.base)).chain(given);
        let files: BTreeSet<String> = files.collect();
        let found: Vec<_> = found(reports).map(|(known, _)| known).collect();
        let is_open = |known: &Known| {
            let mut of_model = reports.iter().filter(|of| of.model == known.model).peekable();
            (of_model.peek().is_none() && !is_all) || of_model.any(Judged::is_bad)
        };
        let gone = baseline.gone(&files, &found).filter(|known| !is_open(known));
        gone.map(|Known { model, verdict, .. }| {
            format!("note: the baseline has '{verdict}' of {model}, which is gone")
        })
        .collect()
    }
}

/// All findings, with what lets them be.
fn found(reports: &[Judged]) -> impl Iterator<Item = (&Known, &Standing)> {
    reports.iter().flat_map(|report| {
        let first = report.known_as.as_ref().map(|known| (known, &report.standing));
        first.into_iter().chain(report.others.iter().map(|of| (&of.known_as, &of.standing)))
    })
}

/// The lines that a finding is about: of the witness those that `is_about` it, and those on which threads wait for
/// ever. Where they wait for each other in a circle, only these.
fn places(report: &Report, is_about: impl Fn(&Row) -> bool) -> BTreeSet<(String, u32)> {
    let Some(finding) = &report.finding else { return BTreeSet::new() };
    let (blocked, is_circle) = match &finding.end {
        End::Deadlock(blocked) => (blocked.as_slice(), blocked.iter().all(has_other_holder)),
        End::Livelock(blocked) => (blocked.as_slice(), false),
        _ => (&[][..], false),
    };
    let rows = finding.witness.rows.iter();
    let rows = rows.filter(|row| !is_circle && is_about(row) && row.line > 0);
    let rows = rows.map(|Row { file, line, .. }| (file.clone(), *line));
    rows.chain(blocked.iter().filter_map(|blocked| line(blocked.site))).collect()
}

/// Whether a thread waits for another one: not to be woken by whoever comes.
fn has_other_holder(blocked: &Blocked) -> bool {
    blocked.holder.is_some_and(|holder| holder != blocked.thread)
}

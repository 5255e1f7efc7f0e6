//! What was found as HTML files that need nothing else: no network, no script. One for the list, and one for
//! each finding with its interleaving drawn.

mod index;
mod lanes;
mod page;

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;

use super::judge::Judged;
use super::source::Sources;
use super::{text, write};

const STYLE: &str = include_str!("style.css");

/// Whether pages are written, and where.
#[derive(Debug, Args)]
pub(super) struct HtmlArgs {
    /// Also write pages for a browser: index.html, and one for each finding
    #[arg(long = "html", value_name = "DIR", conflicts_with = "replay")]
    directory: Option<PathBuf>,
}

impl HtmlArgs {
    /// Writes the pages, if they are asked for. `target`: what names the models on the
    /// command line. An error names the file
    /// that cannot be written.
    pub(super) fn write(&self, file: &str, target: &str, reports: &[Judged]) -> Result<(), String> {
        let Some(directory) = &self.directory else { return Ok(()) };
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("cannot make '{}': {error}", directory.display()))?;
        let mut sources = Sources::default();
        let names = names(reports);
        for (report, name) in reports.iter().zip(&names) {
            if let (Some(name), Some(finding)) = (name, &report.finding) {
                let page = page::render(target, report, finding, &mut sources);
                write(&directory.join(name), &page)?;
            }
        }
        write(&directory.join("index.html"), &index::render(file, reports, &names))
    }
}

/// The files of the pages: of the same models always the same. None for a model without a finding.
fn names(reports: &[Judged]) -> Vec<Option<String>> {
    let mut taken = HashSet::from(["index.html".to_owned()]);
    let name = |report: &Judged| {
        report.finding.as_ref()?;
        let harmless = |character: char| {
            if character.is_ascii_alphanumeric() || character == '_' { character } else { '-' }
        };
        let stem: String = text::title(report).chars().map(harmless).collect();
        let numbered = (2..).map(|number| format!("{stem}-{number}.html"));
        let mut names = std::iter::once(format!("{stem}.html")).chain(numbered);
        names.find(|name| taken.insert(name.clone()))
    };
    reports.iter().map(name).collect()
}

/// The verdict in a coloured box.
fn badge(report: &Judged) -> String {
    let (class, word) = match report.verdict {
        _ if !report.counts() => ("open", "let be"),
        crate::race::Verdict::Holds => ("good", text::word(report.verdict)),
        crate::race::Verdict::Bounded => ("open", text::word(report.verdict)),
        _ => ("bad", text::word(report.verdict)),
    };
    format!("<span class=\"badge {class}\">{word}</span>")
}

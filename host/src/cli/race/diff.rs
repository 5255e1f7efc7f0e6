//! `--diff`: what changes for a program when its GIL goes.

use std::fmt::Write;

use super::judge::Judged;
use super::text::{told, word};
use crate::race::{GilVerdict, Verdict};

/// What a model says about going free-threaded. What is most urgent comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// It fails free-threaded, and with the GIL never.
    NewlyBroken,
    /// It fails free-threaded; with the GIL nothing was found, and not everything explored.
    Unsettled,
    /// It fails with the GIL, too.
    BrokenBefore,
    /// Nothing was found, and not everything explored.
    Bounded,
    /// It never fails.
    Fine,
}

impl Change {
    pub(super) fn of(report: &Judged) -> Self {
        let gil = report.finding.as_ref().and_then(|finding| finding.gil.as_ref());
        match (report.verdict, gil) {
            (Verdict::Holds, _) => Self::Fine,
            (Verdict::Bounded, _) => Self::Bounded,
            (_, Some(GilVerdict::Hidden { .. })) => Self::NewlyBroken,
            (_, Some(GilVerdict::Possible { .. })) => Self::BrokenBefore,
            (_, Some(GilVerdict::NotFound { .. }) | None) => Self::Unsettled,
        }
    }

    /// One word, for machines.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NewlyBroken => "newly_broken",
            Self::Unsettled => "unsettled",
            Self::BrokenBefore => "broken_before",
            Self::Bounded => "bounded",
            Self::Fine => "fine",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewlyBroken => {
                "newly broken: fails free-threaded, and never with CPython 3.14's GIL"
            }
            Self::Unsettled => {
                "broken free-threaded; whether the GIL hides it was not settled in time"
            }
            Self::BrokenBefore => "broken already: can fail with the GIL, more rarely",
            Self::Bounded => "nothing found, and not everything explored",
            Self::Fine => "fine: every execution was explored",
        }
    }
}

/// The report, most urgent first.
pub(super) fn render(reports: &[Judged]) -> String {
    use Change::{Bounded, BrokenBefore, Fine, NewlyBroken, Unsettled};
    let mut text = String::from("What free-threading changes\n");
    for change in [NewlyBroken, Unsettled, BrokenBefore, Bounded, Fine] {
        let about: Vec<_> = reports.iter().filter(|of| Change::of(of) == change).collect();
        let _ = writeln!(text, "\n{:>4}  {}", about.len(), change.title());
        for report in about {
            let _ = writeln!(
                text,
                "        {} {} ({})",
                word(report.verdict),
                super::text::title(report),
                report.target
            );
            let Some(finding) = &report.finding else { continue };
            for said in told(&finding.end, &finding.witness) {
                let _ = writeln!(text, "            {said}");
            }
            let _ = writeln!(text, "            --replay {}", finding.token);
        }
    }
    text
}

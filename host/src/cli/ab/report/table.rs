//! The report as text.

use std::collections::BTreeSet;

use anstyle::Style;

use super::super::forecast::Trust;
use super::super::results::RowResult;
use super::super::scaling;
use super::super::subject::Subject;
use super::super::verdict::Verdict;
use super::Report;
use super::grid::{GAIN, LOSS, WRONG, styled};
use super::overview::Columns;
use super::{detail, header, lines, others, overview, sweep};

/// The whole report, with colours. With `bars` wall times are drawn too.
pub(super) fn render(report: &Report, bars: bool) -> String {
    let mut parts = vec![header::render(report)];
    parts.extend(tables(report, bars));
    parts.extend(Some(problems(report)).filter(|part| !part.is_empty()));
    parts.extend(Some(warnings(report)).filter(|part| !part.is_empty()));
    parts.join("\n")
}

/// Details of a script at each number of threads, and an overview if there is
/// more than one line to see at a glance.
fn tables(report: &Report, bars: bool) -> Vec<String> {
    let rows = &report.rows;
    let mut tables = Vec::new();
    let bundled = matches!(report.subject, Subject::Bundled { .. });
    let sweep = sweep::render(&scaling::sweeps(rows));
    if !bundled {
        tables.extend(rows.iter().map(|row| detail::render(row, bars)));
    }
    if bundled && !rows.is_empty() || rows.len() > 1 {
        let numbers: BTreeSet<_> = rows.iter().map(|row| row.row.threads).collect();
        let shown = Columns { workload: bundled, speed_up: numbers.len() > 1, bars };
        tables.push(overview::render(rows, shown));
    }
    tables.extend(sweep);
    tables.extend(others::render(report));
    let explained = report.rows.iter().zip(&report.explanations);
    tables.extend(explained.filter_map(|(row, of)| lines::render(&row.title(), of)));
    tables.extend(trust(rows));
    tables
}

/// How far the forecasts can be trusted; of single rows their details tell.
fn trust(rows: &[RowResult]) -> Option<String> {
    let trust = Trust::of(rows.iter().filter_map(|row| row.forecast))?;
    (trust.rows > 1).then(|| {
        format!(
            "Forecasts from the runs with the GIL alone: half of {} within {:.2}x of what was measured, the worst off by {:.2}x.\n",
            trust.rows, trust.median_error, trust.greatest_error
        )
    })
}

fn problems(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.rows {
        for finding in &row.findings {
            text += &format!("{} {}: {finding}\n", styled("problem:", WRONG), row.title());
        }
    }
    if let Some(directory) = &report.kept {
        text += &format!("The outputs of these runs are kept in {}\n", directory.display());
    }
    text
}

fn warnings(report: &Report) -> String {
    let label = styled("warning:", LOSS);
    report.warnings.iter().map(|warning| format!("{label} {warning}\n")).collect()
}

/// The colour of a verdict.
pub(super) fn style_of(verdict: &Verdict) -> Style {
    match verdict {
        Verdict::Faster(_) => GAIN,
        Verdict::Slower(_) => LOSS,
        Verdict::Wrong { .. } => WRONG,
        Verdict::NothingMeasured | Verdict::TooFew { .. } | Verdict::NoDifference { .. } => {
            Style::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::measure::Stopped;
    use super::super::super::results::tests::{crashed, result};
    use super::super::super::warnings::Warning;
    use super::super::tests::report;
    use super::*;

    fn plain(report: &Report) -> String {
        anstream::adapter::strip_str(&render(report, false)).to_string()
    }

    #[test]
    fn the_report_of_bundled_workloads() {
        let mut report =
            report(vec![result("cpu_loops", Some(2), &[(2.0, 1.0); 5]), crashed("cpu_fib")]);
        report.kept = Some("/tmp/togil-ab-x".into());
        report.warnings = vec![Warning::OneCore];
        let text = plain(&report);
        let start = "\
togil ab: bundled workloads, scale 1
  machine        Some CPU, 4 cores, load 0.25, Linux 6.1, rustc 1.95.0
  gil            togil 0.1.0, /opt/togil-gil
  free-threaded  togil 0.1.0, /opt/togil-free
  runs           5 of each mode after 1 to warm up, in turn (gil, free-threaded, free-threaded, gil, ...), at most 300 s each

  workload   threads     gil    free  ratio  95 % interval  cores      waited  verdict      costs most
  cpu_loops        2  2.00 s  1.00 s   2.00  2.00 to 2.00   1.0 / 1.9    47 %  2.0x faster  GIL wait
  cpu_fib          2  1.00 s  500 ms      -  -              1.0 / 1.9    47 %  failed       -

gil, free:";
        assert_eq!(text.get(..start.len()), Some(start), "{text}");
        let end = "\
problem: cpu_fib, threads 2: free-threaded: 1 of 5 runs failed (killed by SIGSEGV), first run 2
The outputs of these runs are kept in /tmp/togil-ab-x

warning: there is one core only: threads cannot run at the same time in either mode; measure on a machine with more
";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_script_gets_details_and_an_overview_of_its_threads() {
        let subject = || Subject::Script {
            path: "dir/work.py".into(),
            args: vec!["-j{threads}".into()],
            threads: vec![1, 2],
        };
        let row = |threads| result("work.py", Some(threads), &[(2.0, 1.0); 5]);
        let mut one = report(vec![row(1)]);
        one.subject = subject();
        let text = plain(&one);
        assert!(text.starts_with("togil ab: dir/work.py -j{threads}\n"), "{text}");
        assert!(text.contains("threads 1") && !text.contains("speed-up"), "{text}");
        let mut two = report(vec![row(1), row(2)]);
        two.subject = subject();
        let text = plain(&two);
        assert!(text.contains("threads 2") && text.contains("speed-up"), "{text}");
        assert!(!text.contains("workload"), "{text}");
    }

    #[test]
    fn an_incomplete_report_says_so() {
        let mut report = report(Vec::new());
        report.stopped = Some(Stopped::Signal(2));
        let text = plain(&report);
        assert!(
            text.ends_with(
                "INCOMPLETE (interrupted): only what was measured until then is shown.\n"
            ),
            "{text}"
        );
    }
}

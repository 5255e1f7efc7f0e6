//! The report as Markdown, for a pull request.

use super::super::mode::Mode;
use super::super::results::RowResult;
use super::super::statistics::Interval;
use super::Report;
use super::header;
use super::others;
use super::units::{self, NONE};

/// A table with a line for each row, then what is wrong and what needs care.
pub(super) fn render(report: &Report) -> String {
    let mut text = format!("### togil ab: {}\n\n", escaped(&header::title(report)));
    text += "| workload | threads | gil | free-threaded | gil/free | 95 % interval | verdict | what costs most |\n";
    text += "|---|--:|--:|--:|--:|---|---|---|\n";
    for row in &report.rows {
        text += &line(row);
    }
    text += "\n";
    text += &beside(report);
    for finding in report
        .rows
        .iter()
        .flat_map(|row| row.findings.iter().map(|finding| format!("{}: {finding}", row.title())))
    {
        text += &format!("- **problem:** {}\n", escaped(&finding));
    }
    for warning in &report.warnings {
        text += &format!("- warning: {}\n", escaped(&warning.to_string()));
    }
    text += &format!(
        "\n<sub>{}; {}; above 1 free-threaded is faster</sub>\n",
        escaped(&header::machine(report)),
        escaped(&header::runs(report))
    );
    text
}

/// The other programs, and what being thread-safe costs.
fn beside(report: &Report) -> String {
    if report.others.is_empty() {
        return String::new();
    }
    let heads = ["workload"].into_iter().chain(others::HEADINGS);
    let mut text = format!("| {} |\n", heads.collect::<Vec<_>>().join(" | "));
    text += "|---|---|--:|--:|--:|--:|--:|---|\n";
    for row in &report.rows {
        for result in &row.others {
            let cells = others::of_other(&report.others[result.other], result);
            let cells = std::iter::once(row.title()).chain(cells).map(|cell| escaped(&cell));
            text += &format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        }
    }
    text += "\n";
    text += &others::cost_in_words(report).map(|cost| cost + "\n\n").unwrap_or_default();
    text
}

fn line(result: &RowResult) -> String {
    let time = |mode: Mode| {
        let summary = result.summaries.of(mode).as_ref();
        summary.map_or(NONE.to_owned(), |summary| units::time(summary.wall_s.median))
    };
    let interval = |interval: Interval| format!("{:.2} to {:.2}", interval.low, interval.high);
    let cells = [
        format!("`{}`", result.row.name.replace('`', "'")),
        result.row.threads.map_or(NONE.to_owned(), |threads| threads.to_string()),
        time(Mode::Gil),
        time(Mode::Free),
        result.comparison.map_or(NONE.to_owned(), |comparison| format!("{:.2}", comparison.ratio)),
        result
            .comparison
            .and_then(|comparison| comparison.interval)
            .map_or(NONE.to_owned(), interval),
        result.verdict.short(),
        result.cause.as_ref().map_or(NONE.to_owned(), |cause| cause.short().to_owned()),
    ];
    format!("| {} |\n", cells.map(|cell| escaped(&cell)).join(" | "))
}

/// So that it does not end a cell, and is no markup.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::{crashed, result};
    use super::super::tests::report;
    use super::*;

    #[test]
    fn a_table_that_survives_its_contents() {
        let text = render(&report(vec![result("a|b", Some(2), &[(2.0, 1.0); 5]), crashed("c")]));
        let row =
            "| `a\\|b` | 2 | 2.00 s | 1.00 s | 2.00 | 2.00 to 2.00 | 2.0x faster | GIL wait |\n";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("- **problem:** c, threads 2: free-threaded: 1 of 5"), "{text}");
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(text.lines().filter(|line| line.starts_with('|')).all(|line| columns(line) == 9));
    }
}

//! The report as one HTML file, with plots, that needs nothing else: no network, no script.

#[cfg(test)]
mod browser;
mod plots;
mod svg;

use super::super::explain::Explanation;
use super::super::mode::Mode;
use super::super::results::RowResult;
use super::super::scaling;
use super::Report;
use super::units::{self, NONE};
use super::{header, lines, others};
use crate::cli::html::{document, escaped};

const STYLE: &str = include_str!("style.css");

/// The document.
pub(super) fn render(report: &Report) -> String {
    let title = format!("togil ab: {}", header::title(report));
    let mut body = format!("<h1>{}</h1>\n{}", escaped(&title), facts(report));
    if let Some(reason) = report.incomplete() {
        body += &format!(
            "<p class=\"problem\">INCOMPLETE ({}): only what was measured until then is shown.</p>\n",
            escaped(&reason)
        );
    }
    body += &notes(report);
    if !report.rows.is_empty() {
        body += &section("Gain without the GIL", RATIO, &plots::ratios(&report.rows));
        body += &format!("<h2>Figures</h2>\n{}", table(&report.rows));
    }
    for sweep in scaling::sweeps(&report.rows) {
        let title = format!("Threads: {}", sweep.name);
        body += &section(&title, SPEED_UP, &plots::speed_ups(&sweep));
    }
    if !report.others.is_empty() {
        body += &format!("<h2>Beside others</h2>\n{}", beside(report));
    }
    for (row, explanation) in report.rows.iter().zip(&report.explanations) {
        body += &explained(row, explanation);
    }
    if !report.rows.is_empty() {
        body += &section("Every run", RUNS, &plots::runs(&report.rows));
    }
    document(&title, STYLE, &body)
}

const RATIO: &str = "Wall time with the GIL over wall time without: right of 1 free-threaded is \
                     faster. The bar is the 95 % interval, the grey band the noise floor: what a \
                     build differs from itself by.";
const SPEED_UP: &str = "Speed-up against the least number of threads; the dashed line is perfect.";
const RUNS: &str = "Wall time of each run that ended well, the modes side by side; the line is the \
                    median, hollow dots are outliers, which count like the others.";

const TIMELINES: &str = "Who did what when, in one run of its own; each part of the strip shows what the thread \
                         mostly did then.";

/// The other programs.
fn beside(report: &Report) -> String {
    let rows = report.rows.iter().flat_map(|row| {
        row.others.iter().map(|result| {
            let cells = others::of_other(&report.others[result.other], result);
            std::iter::once(row.title()).chain(cells).collect()
        })
    });
    let heads: Vec<&str> = ["workload"].into_iter().chain(others::HEADINGS).collect();
    let cost = others::cost_in_words(report).map(|cost| format!("<p>{}</p>\n", escaped(&cost)));
    grid(&heads, rows) + &cost.unwrap_or_default()
}

/// Where the time of a row went.
fn explained(row: &RowResult, explanation: &Explanation) -> String {
    let mut text = String::new();
    if !explanation.timelines.is_empty() {
        let plot = plots::timelines(&explanation.timelines);
        text += &section(&format!("Time-lines: {}", row.title()), TIMELINES, &plot);
    }
    if !explanation.lines.is_empty() {
        let lines =
            explanation.lines.iter().take(lines::MOST).map(|line| lines::cells(line).into());
        text += &format!("<h2>{}</h2>\n", escaped(&format!("Lines: {}", row.title())));
        text += &grid(&lines::HEADINGS, lines);
    }
    for missing in &explanation.missing {
        text += &format!("<p class=\"warning\">{}</p>\n", escaped(missing));
    }
    text
}

fn section(title: &str, legend: &str, plot: &str) -> String {
    format!("<h2>{}</h2>\n<p>{}</p>\n{plot}\n", escaped(title), escaped(legend))
}

/// What was measured, where, and how.
fn facts(report: &Report) -> String {
    let mut rows = vec![("machine".to_owned(), header::machine(report))];
    rows.extend(Mode::TURNS.map(|mode| (mode.to_string(), header::binary(report, mode))));
    rows.extend(header::others(report));
    rows.push(("runs".to_owned(), header::runs(report)));
    let row = |(name, value): (String, String)| {
        format!("<dt>{}</dt><dd>{}</dd>\n", escaped(&name), escaped(&value))
    };
    format!("<dl>\n{}</dl>\n", rows.into_iter().map(row).collect::<String>())
}

fn notes(report: &Report) -> String {
    let problems = report.rows.iter().flat_map(|row| {
        row.findings.iter().map(|finding| ("problem", format!("{}: {finding}", row.title())))
    });
    let warnings = report.warnings.iter().map(|warning| ("warning", warning.to_string()));
    let note = |(kind, text): (&str, String)| {
        format!("<p class=\"{kind}\"><b>{kind}:</b> {}</p>\n", escaped(&text))
    };
    problems.chain(warnings).map(note).collect()
}

fn table(rows: &[RowResult]) -> String {
    let heads = [
        "workload",
        "threads",
        "gil",
        "free-threaded",
        "gil/free",
        "95 % interval",
        "noise floor",
        "cores",
        "waited for the GIL",
        "foretold",
        "verdict",
        "what costs most",
    ];
    grid(&heads, rows.iter().map(|row| table_row(row).into()))
}

/// A table.
fn grid(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: String = heads.iter().map(|head| format!("<th>{}</th>", escaped(head))).collect();
    let row = |cells: Vec<String>| {
        let cells = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let body: String = rows.map(row).collect();
    format!("<div class=\"wide\"><table>\n<tr>{head}</tr>\n{body}</table></div>\n")
}

fn table_row(result: &RowResult) -> [String; 12] {
    let summary = |mode: Mode| result.summaries.of(mode).as_ref();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let wall = |mode| or_none(summary(mode).map(|summary| units::time_with_range(&summary.wall_s)));
    let cores = |mode| or_none(summary(mode).map(|summary| format!("{:.1}", summary.cores_used)));
    let comparison = result.comparison.as_ref();
    let interval = comparison.and_then(|comparison| comparison.interval);
    [
        result.row.name.clone(),
        or_none(result.row.threads.map(|threads| threads.to_string())),
        wall(Mode::Gil),
        wall(Mode::Free),
        or_none(comparison.map(|comparison| format!("{:.2}", comparison.ratio))),
        or_none(interval.map(|interval| format!("{:.2} to {:.2}", interval.low, interval.high))),
        or_none(comparison.and_then(|of| of.noise_floor).map(|floor| format!("{floor:.2}x"))),
        format!("{} / {}", cores(Mode::Gil), cores(Mode::Free)),
        or_none(result.wait_share().map(units::share)),
        or_none(result.forecast.map(|forecast| format!("{:.2}", forecast.ratio))),
        result.verdict.short(),
        or_none(result.cause.as_ref().map(ToString::to_string)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::{crashed, result};
    use super::super::tests::report;
    use super::*;

    fn page() -> String {
        let rows = vec![
            result("<a&b>", Some(1), &[(2.0, 2.1), (2.0, 2.0), (2.1, 2.0), (2.0, 2.0), (9.0, 2.0)]),
            result("<a&b>", Some(2), &[(2.0, 1.0); 5]),
            crashed("c"),
        ];
        render(&report(rows))
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_text_is_text() {
        let text = page();
        for outside in ["http://", "https://", "<script", "url(", "@import", "src="] {
            assert!(!text.replace("http://www.w3.org/2000/svg", "").contains(outside), "{outside}");
        }
        assert!(text.contains("&lt;a&amp;b&gt;") && !text.contains("<a&b>"), "{text}");
    }

    #[test]
    fn every_element_is_closed() {
        let text = page();
        let mut open: Vec<&str> = Vec::new();
        for tag in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
            let tag = tag.0;
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "in {text}");
            } else if !tag.ends_with('/') && !["!DOCTYPE", "meta"].contains(&name) {
                open.push(name);
            }
        }
        assert_eq!(open, [""; 0]);
    }

    #[test]
    fn the_plots_hold_what_was_measured() {
        let text = page();
        let runs = text.split("<h2>Every run</h2>").nth(1).unwrap();
        // 10 and 10 runs, and 9 of the row in which one crashed.
        assert_eq!(runs.matches("<circle").count(), 29, "{runs}");
        assert_eq!(runs.matches("class=\"outlier").count(), 1, "{runs}");
        assert_eq!(text.matches("<h2>Threads: ").count(), 1);
        assert!(!text.contains("NaN") && !text.contains("inf\""), "{text}");
    }
}

//! Every run as a line of CSV, for a spreadsheet.

use super::super::arm::Arm;
use super::super::others::Other;
use super::super::results::RowResult;
use super::Report;

const COLUMNS: [&str; 14] = [
    "name",
    "threads",
    "mode",
    "run",
    "warmup",
    "ending",
    "wall_s",
    "user_s",
    "sys_s",
    "process_s",
    "max_rss_bytes",
    "gil_wait_s",
    "gil_hold_s",
    "stopped_s",
];

/// The lines, with a heading. Columns without a value are empty (RFC 4180).
pub(super) fn render(report: &Report) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for row in &report.rows {
        text += &lines(row, &report.others);
    }
    text
}

fn lines(result: &RowResult, others: &[Other]) -> String {
    let line = |run: &super::super::sample::Sample| {
        let gil = run.locks.as_ref().and_then(|locks| locks.gil.as_ref());
        let stops = run.locks.as_ref().and_then(|locks| locks.stop_the_world.as_ref());
        let seconds =
            |ns: Option<u64>| ns.map_or(String::new(), |ns| (ns as f64 / 1e9).to_string());
        let cells = [
            quoted(&result.row.name),
            result.row.threads.map_or(String::new(), |threads| threads.to_string()),
            quoted(&name_of(run.arm, others)),
            run.round.number.to_string(),
            run.round.warmup.to_string(),
            quoted(&run.ending.to_string()),
            run.wall_s.to_string(),
            run.user_s.to_string(),
            run.sys_s.to_string(),
            run.process_s.to_string(),
            run.max_rss_bytes.to_string(),
            seconds(gil.map(|gil| gil.wait_ns)),
            seconds(gil.map(|gil| gil.hold_ns)),
            seconds(stops.map(|stops| stops.total_ns)),
        ];
        cells.join(",") + "\r\n"
    };
    result.samples.iter().map(line).collect()
}

fn name_of(arm: Arm, others: &[Other]) -> String {
    match arm {
        Arm::Mode(mode) => mode.to_string(),
        Arm::Other(number) => others[number].name.clone(),
    }
}

fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::result;
    use super::super::tests::report;
    use super::*;

    #[test]
    fn a_line_for_each_run() {
        let text = render(&report(vec![result("a, \"b\"", Some(2), &[(2.0, 1.0); 2])]));
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[1].matches(',').count(), COLUMNS.len(), "{}", lines[1]);
        assert!(lines[1].starts_with("\"a, \"\"b\"\"\",2,gil,1,false,"), "{}", lines[1]);
        assert!(
            lines[2].contains(",free-threaded,1,false,exit status 0,1,1.9,0,1,"),
            "{}",
            lines[2]
        );
        assert!(lines[2].ends_with(",,,0.0015"), "{}", lines[2]);
    }
}

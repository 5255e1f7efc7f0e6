//! SARIF 2.1.0 (OASIS), for code hosts that show results beside the code.

use serde_json::{Value, json};

use crate::race::{Report, Row, Verdict};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The rules, by verdict.
const RULES: [(Verdict, &str); 6] = [
    (Verdict::Fails, "An order of steps exists in which the model fails"),
    (Verdict::Deadlock, "Threads can come to wait for each other, or for a wake-up that was lost"),
    (Verdict::Livelock, "Threads can come to wait in loops for what nobody writes"),
    (Verdict::Outlived, "A thread can outlive the model that started it"),
    (Verdict::Differs, "What a script prints, or its exit status, depends on the schedule"),
    (Verdict::TooLong, "An execution may not end"),
];

/// The whole document.
pub(super) fn document(reports: &[Report]) -> Value {
    let rules = RULES.iter().map(
        |(verdict, text)| json!({ "id": verdict.as_str(), "shortDescription": { "text": text } }),
    );
    let results = reports.iter().filter(|report| !report.verdict.is_clean());
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "togil race",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "results": results.map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(report: &Report) -> Value {
    let file = report.target.as_str();
    let mut message = format!("{}: {}", report.model, super::text::summary(report));
    let mut steps = Vec::new();
    if let Some(finding) = &report.finding {
        message.push_str(&format!(". Replay it with --replay {}", finding.token));
        let threads = &finding.witness.threads;
        steps = finding.witness.rows.iter().map(|row| step(file, threads, row)).collect();
    }
    // The last place at which threads meet stands for all.
    let rows = report.finding.iter().flat_map(|finding| &finding.witness.rows);
    let line = rows.filter(|row| row.conflicts).filter_map(line).next_back();
    json!({
        "ruleId": report.verdict.as_str(),
        "level": "error",
        "message": { "text": message },
        "locations": [location(file, line.unwrap_or(1))],
        "codeFlows": [{ "threadFlows": [{ "locations": steps }] }],
    })
}

fn step(file: &str, threads: &[String], row: &Row) -> Value {
    let mut location = location(file, line(row).unwrap_or(1));
    let thread = threads.get(row.thread).map_or("a thread", String::as_str);
    location["message"] = json!({ "text": format!("{thread}: {}", row.operation) });
    json!({ "location": location })
}

fn line(row: &Row) -> Option<u32> {
    row.place.rsplit_once(':')?.1.parse().ok()
}

fn location(file: &str, line: u32) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": file },
        "region": { "startLine": line },
    } })
}

//! SARIF 2.1.0 (OASIS), for code hosts that show results beside the code.

use std::path::Path;

use serde_json::{Value, json};

use super::judge::{Judged, Standing};
use crate::race::{End, Row, Verdict, line};

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
pub(super) fn document(reports: &[Judged]) -> Value {
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

fn result(report: &Judged) -> Value {
    let file = report.target.as_str();
    let mut message = format!("{}: {}", report.model, super::text::summary(report));
    let mut steps = Vec::new();
    if let Some(finding) = &report.finding {
        message.push_str(&format!(". Replay it with --replay {}", finding.token));
        let threads = &finding.witness.threads;
        steps = finding.witness.rows.iter().map(|row| step(file, threads, row)).collect();
    }
    let (at, line) = place(report).unwrap_or_else(|| (file.to_owned(), 1));
    let mut result = json!({
        "ruleId": report.verdict.as_str(),
        "level": "error",
        "message": { "text": message },
        "locations": [location(&at, line)],
        "codeFlows": [{ "threadFlows": [{ "locations": steps }] }],
    });
    if let Some(known) = &report.known_as {
        result["partialFingerprints"] = json!({ "togilRace/v2": known.fingerprint });
    }
    match &report.standing {
        Standing::Counts => {}
        Standing::Suppressed(by) => {
            result["suppressions"] = json!([{ "kind": "inSource", "justification": by.reason }]);
        }
        Standing::Known => {
            result["baselineState"] = json!("unchanged");
            let justification = "it is in the baseline";
            result["suppressions"] =
                json!([{ "kind": "external", "justification": justification }]);
        }
    }
    result
}

/// The last place at which threads meet stands for all; if they wait for each other, the last of those.
fn place(report: &Judged) -> Option<(String, u32)> {
    let finding = report.finding.as_ref()?;
    let rows = finding.witness.rows.iter().rev();
    let met = rows.filter(|row| row.is_cause && row.line > 0).map(at).next();
    met.or_else(|| match &finding.end {
        End::Deadlock(blocked) | End::Livelock(blocked) => {
            blocked.iter().rev().find_map(|blocked| line(blocked.site))
        }
        _ => None,
    })
}

fn at(row: &Row) -> (String, u32) {
    (row.file.clone(), row.line)
}

fn step(file: &str, threads: &[String], row: &Row) -> Value {
    let (at, line) = if row.line > 0 { at(row) } else { (file.to_owned(), 1) };
    let mut location = location(&at, line);
    let thread = threads.get(row.thread).map_or("a thread", String::as_str);
    let value = row.value.as_ref().map_or(String::new(), |value| format!(" = {value}"));
    location["message"] = json!({ "text": format!("{thread}: {}{value}", row.operation) });
    json!({ "location": location })
}

/// Code hosts know files by where they are below the directory that togil runs in.
fn location(file: &str, line: u32) -> Value {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(file);
    let uri = path.strip_prefix(here).unwrap_or(path).to_string_lossy();
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri },
        "region": { "startLine": line },
    } })
}

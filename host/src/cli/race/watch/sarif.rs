//! SARIF 2.1.0 (OASIS), for code hosts that show results beside the code.

use serde_json::{Value, json};
use togil_interp::race::watch::{DataRace, Nesting, Stack, Waits};

use super::{Report, place};

pub(super) fn document(report: &Report) -> Value {
    let findings = &report.findings;
    let races = findings.races.iter().map(race);
    let cycles = findings.cycles.iter().map(|found| cycle(found));
    let hangs = findings.hangs.iter().map(|found| hang(found));
    let rules = [
        ("data-race", "Two accesses of which one writes, and that nothing puts into an order"),
        ("possible-deadlock", "Locks are taken in orders that can come to a deadlock"),
        ("hang", "Every thread waited"),
    ];
    let rules = rules.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "togil race --watch",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": races.chain(cycles).chain(hangs).collect::<Vec<_>>(),
        }],
    })
}

fn result(rule: &str, text: String, at: &Stack, related: &[(&Stack, String)]) -> Value {
    let related = related.iter().map(|(stack, text)| {
        let mut location = location(stack);
        location["message"] = json!({ "text": text });
        location
    });
    json!({
        "ruleId": rule,
        "level": "error",
        "message": { "text": text },
        "locations": [location(at)],
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

fn race(race: &DataRace) -> Value {
    let DataRace { what, made, first, second, .. } = race;
    let text = format!(
        "data race on {what}: {} in {}, and {} in {} at {}",
        second.operation,
        second.thread,
        first.operation,
        first.thread,
        place(&first.stack)
    );
    let related =
        [(&first.stack, first.operation.clone()), (made, "the object was first touched".into())];
    result("data-race", text, &second.stack, &related)
}

fn cycle(cycle: &[Nesting]) -> Value {
    let threads: Vec<_> = cycle.iter().map(|nesting| nesting.thread.as_str()).collect();
    let text = format!("{} take locks in different orders", threads.join(" and "));
    let related = cycle.iter().map(|nesting| {
        (&nesting.takes.1, format!("{} takes one and holds another", nesting.thread))
    });
    let related: Vec<_> = related.collect();
    result("possible-deadlock", text, &cycle[0].takes.1, &related)
}

fn hang(waits: &[Waits]) -> Value {
    let related =
        waits.iter().map(|one| (&one.stack, format!("{} waits for {}", one.thread, one.waits_for)));
    let related: Vec<_> = related.collect();
    result("hang", "every thread waited".to_owned(), &waits[0].stack, &related)
}

fn location(stack: &Stack) -> Value {
    let (file, line) = stack.first().map_or(("", 1), |place| (place.file.as_str(), place.line));
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": file },
        "region": { "startLine": line.max(1) },
    } })
}

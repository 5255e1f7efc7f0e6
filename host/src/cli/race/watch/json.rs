//! What machines read.

use serde_json::{Value, json};
use togil_interp::race::watch::{DataRace, Nesting, Side, Stack, Waits};

use super::Report;

/// Counts up when a field changes its meaning or goes.
const VERSION: u32 = 1;

pub(super) fn document(report: &Report) -> Value {
    let models = report.ending.models.iter();
    let models = models.map(|(name, raised)| json!({ "name": name, "raised": raised }));
    let findings = &report.findings;
    json!({
        "version": VERSION,
        "togil": env!("CARGO_PKG_VERSION"),
        "file": report.file,
        "mode": crate::LOCK_MODE.to_string(),
        "races": findings.races.iter().map(race).collect::<Vec<_>>(),
        "deadlocks": findings.cycles.iter().map(|cycle| {
            cycle.iter().map(nesting).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "hangs": findings.hangs.iter().map(|waiting| {
            waiting.iter().map(waits).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "script": { "status": report.ending.status, "models": models.collect::<Vec<_>>() },
        "status": report.status(),
    })
}

fn race(race: &DataRace) -> Value {
    json!({
        "what": race.what,
        "first_touched": stack(&race.made),
        "accesses": [side(&race.first), side(&race.second)],
        "count": race.count,
    })
}

fn side(side: &Side) -> Value {
    json!({
        "thread": side.thread,
        "operation": side.operation,
        "writes": side.writes,
        "stack": stack(&side.stack),
        "locks": side.locks.iter().map(stack).collect::<Vec<_>>(),
    })
}

fn stack(stack: &Stack) -> Value {
    let places = stack
        .iter()
        .map(|place| json!({ "file": place.file, "line": place.line, "function": place.function }));
    places.collect()
}

fn nesting(nesting: &Nesting) -> Value {
    json!({
        "thread": nesting.thread,
        "holds": { "made": stack(&nesting.holds.0), "taken": stack(&nesting.holds.1) },
        "takes": { "made": stack(&nesting.takes.0), "taken": stack(&nesting.takes.1) },
    })
}

fn waits(waits: &Waits) -> Value {
    json!({
        "thread": waits.thread,
        "waits_for": waits.waits_for,
        "holder": waits.holder,
        "stack": stack(&waits.stack),
    })
}

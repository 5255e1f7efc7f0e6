//! What machines read; docs/races-in-ci.md has the fields.

use serde_json::{Value, json};

use super::diff::Change;
use super::judge::{Judged, Other, Standing};
use crate::race::{Blocked, Discipline, End, Finding, GilVerdict, Witness, place};

/// Counts up when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// The whole document.
pub(super) fn document(file: &str, reports: &[Judged], notes: &[String]) -> Value {
    let models: Vec<Value> = reports.iter().map(model).collect();
    json!({
        "version": VERSION,
        "togil": env!("CARGO_PKG_VERSION"),
        "file": file,
        "models": models,
        "notes": notes,
    })
}

fn model(report: &Judged) -> Value {
    json!({
        "target": report.target,
        "name": report.model,
        "verdict": report.verdict.as_str(),
        "change": (report.search.discipline == Discipline::FreeThreaded)
            .then(|| Change::of(report).as_str()),
        "granularity": report.granularity(),
        "executions": report.executions,
        "threads": report.threads,
        "inexact": report.inexact,
        "steps": report.steps,
        "seconds": report.elapsed.as_secs_f64(),
        "outcomes": report.outcomes,
        "finding": report.finding.as_ref().map(finding),
        "suppressed": suppressed(&report.standing),
        "fingerprint": report.known_as.as_ref().map(|known| &known.fingerprint),
        "others": report.others.iter().map(other).collect::<Vec<_>>(),
    })
}

/// A finding of the same model that was let be.
fn other(other: &Other) -> Value {
    json!({
        "verdict": other.known_as.verdict,
        "lines": other.known_as.lines,
        "suppressed": suppressed(&other.standing),
        "fingerprint": other.known_as.fingerprint,
    })
}

/// Why a finding does not count; null if it does.
fn suppressed(standing: &Standing) -> Value {
    match standing {
        Standing::Counts => Value::Null,
        Standing::Suppressed(by) => {
            json!({ "by": "comment", "place": by.place(), "reason": by.reason })
        }
        Standing::Known => json!({ "by": "baseline" }),
    }
}

fn finding(finding: &Finding) -> Value {
    let (error, blocked) = match &finding.end {
        End::Failed(failure) => (
            json!({
                "thread": failure.thread.0,
                "class": failure.class,
                "message": failure.message,
                "traceback": failure.traceback,
            }),
            Value::Null,
        ),
        End::Deadlock(blocked) | End::Livelock(blocked) => {
            (Value::Null, blocked.iter().map(waits).collect())
        }
        _ => (Value::Null, Value::Null),
    };
    let differs = match &finding.end {
        End::Differs { first, this } => json!({ "first": first, "this": this }),
        _ => Value::Null,
    };
    json!({
        "error": error,
        "blocked": blocked,
        "differs": differs,
        "output": finding.output,
        "token": finding.token,
        "steps_found": finding.steps_found,
        "preemptions": finding.preemptions,
        "fewest_preemptions": finding.is_fewest,
        "replayed": finding.replayed,
        "gil": finding.gil.as_ref().map(gil),
        "witness": witness(&finding.witness),
    })
}

fn waits(blocked: &Blocked) -> Value {
    json!({
        "thread": blocked.thread.0,
        "place": place(blocked.site),
        "holder": blocked.holder.map(|holder| holder.0),
        "spins": blocked.spins,
    })
}

fn gil(gil: &GilVerdict) -> Value {
    match gil {
        GilVerdict::Hidden { executions } => {
            json!({ "verdict": "hidden", "executions": executions })
        }
        GilVerdict::Possible { executions, witness: of, .. } => {
            json!({ "verdict": "possible", "executions": executions, "witness": witness(of) })
        }
        GilVerdict::NotFound { executions } => {
            json!({ "verdict": "not_found", "executions": executions })
        }
    }
}

fn witness(witness: &Witness) -> Value {
    let steps = witness.rows.iter().map(|row| {
        json!({
            "thread": row.thread,
            "place": row.place,
            "file": row.file,
            "line": row.line,
            "operation": row.operation,
            "value": row.value,
            "conflicts": row.conflicts,
            "is_cause": row.is_cause,
            "conflicts_with": row.conflicts_with,
        })
    });
    json!({ "threads": witness.threads, "steps": steps.collect::<Vec<_>>() })
}

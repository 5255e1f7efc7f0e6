//! What people read, on standard error: the script's own output stays as it is.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use togil_interp::race::watch::{DataRace, Findings, Nesting, Side, Stack, Waits};

use super::{Report, place};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let Findings { races, cycles, hangs } = &report.findings;
    races.iter().for_each(|found| race(&mut text, found));
    cycles.iter().for_each(|found| cycle(&mut text, found));
    hangs.iter().for_each(|found| hang(&mut text, found));
    for (model, raised) in &report.ending.models {
        if let Some(raised) = raised {
            let _ = writeln!(text, "{OPEN}failed{OPEN:#} {model}: {raised}");
        }
    }
    if report.ending.status != 0 {
        let _ =
            writeln!(text, "{OPEN}the script ended with status {}{OPEN:#}", report.ending.status);
    }
    let models = match report.ending.models.len() {
        0 => String::new(),
        models => {
            format!(" ({} run: the script starts no thread itself)", count(models, "model"))
        }
    };
    let clean = races.is_empty() && cycles.is_empty() && hangs.is_empty();
    let style = if clean { GOOD } else { BAD };
    let _ = writeln!(
        text,
        "{style}togil race --watch{style:#}: {}, {}, {}{models}",
        count(races.len(), "data race"),
        count(cycles.len(), "possible deadlock"),
        count(hangs.len(), "hang"),
    );
    text
}

fn count(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

fn race(text: &mut String, race: &DataRace) {
    let DataRace { what, made, first, second, count } = race;
    let times = if *count == 1 { String::new() } else { format!(", seen {count} times") };
    let _ = writeln!(text, "{BAD}DATA RACE{BAD:#} on {what}{times}");
    side(text, "  ", second);
    side(text, "  and before, in no order: ", first);
    if !made.is_empty() {
        let _ = writeln!(text, "  the object was first touched");
        stack(text, made);
    }
    text.push('\n');
}

fn side(text: &mut String, before: &str, side: &Side) {
    let locks = match side.locks.as_slice() {
        [] => "no lock".to_owned(),
        locks => {
            let made: Vec<_> = locks.iter().map(|made| place(made)).collect();
            format!("the lock made at {}", made.join(", and the one made at "))
        }
    };
    let _ = writeln!(text, "{before}{} in {}, holding {locks}", side.operation, side.thread);
    stack(text, &side.stack);
}

fn stack(text: &mut String, stack: &Stack) {
    for place in stack {
        let _ = writeln!(text, "    {}:{} in {}", place.file, place.line, place.function);
    }
}

fn cycle(text: &mut String, cycle: &[Nesting]) {
    let _ = writeln!(text, "{BAD}POSSIBLE DEADLOCK{BAD:#}: locks are taken in different orders");
    for Nesting { thread, holds, takes } in cycle {
        let _ = writeln!(
            text,
            "  {thread} takes the lock made at {} while it holds the one made at {}, taken at {}",
            place(&takes.0),
            place(&holds.0),
            place(&holds.1),
        );
        stack(text, &takes.1);
    }
    text.push('\n');
}

fn hang(text: &mut String, waits: &[Waits]) {
    let _ = writeln!(text, "{BAD}HANG{BAD:#}: every thread waits, and was made to give up");
    for Waits { thread, waits_for, holder, stack: at } in waits {
        let holder = holder.as_ref().map_or(String::new(), |holder| format!(" that {holder} has"));
        let _ = writeln!(text, "  {thread} waits for {waits_for}{holder}");
        stack(text, at);
    }
    text.push('\n');
}

//! What people read.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::judge::{Judged, Other, Standing};
use crate::race::{
    Blocked, End, Finding, GilVerdict, REPLAYS, Replayed, Report, Row, Verdict, Witness,
};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();

/// A verdict as people read it.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Bounded => "bounded",
        Verdict::Fails => "FAILS",
        Verdict::Deadlock => "DEADLOCK",
        Verdict::Livelock => "LIVELOCK",
        Verdict::Outlived => "OUTLIVED",
        Verdict::Differs => "DIFFERS",
        Verdict::TooLong => "TOO LONG",
    }
}

/// What a model is called.
pub(super) fn title(report: &Report) -> &str {
    if report.model.is_empty() { "setup, workers" } else { &report.model }
}

/// Why a finding does not count; `None` if it does.
pub(super) fn dismissed(report: &Judged) -> Option<String> {
    match &report.standing {
        Standing::Counts => None,
        Standing::Suppressed(by) => Some(format!("suppressed: {} ({})", by.reason, by.place())),
        Standing::Known => Some("known: it is in the baseline".to_owned()),
    }
}

/// What else was found in the model and was let be; `None` if nothing.
pub(super) fn others(report: &Judged) -> Option<String> {
    let count = |known: bool| {
        let is = |of: &&Other| matches!(of.standing, Standing::Known) == known;
        report.others.iter().filter(is).count()
    };
    let said = |count: usize, how: &str| (count > 0).then(|| format!("{count} {how}"));
    let parts = [said(count(false), "suppressed"), said(count(true), "known from the baseline")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let plural = if report.others.len() == 1 { "" } else { "s" };
    (!parts.is_empty()).then(|| format!("other finding{plural} let be: {}", parts.join(", ")))
}

/// One model, in one line if its finding does not count. And what else was let be.
pub(super) fn judged(report: &Judged) -> String {
    let others = others(report).map_or(String::new(), |others| format!("  {others}\n"));
    let Some(reason) = dismissed(report) else {
        let all = render(report);
        let (first, rest) = all.split_once('\n').unwrap_or((&all, ""));
        return format!("{first}\n{others}{rest}");
    };
    let all = render(report);
    let first = all.lines().next().unwrap_or_default();
    let first = anstream::adapter::strip_str(first).to_string();
    format!("{OPEN}{reason}{OPEN:#}\n  {first}\n{others}")
}

/// One model: the verdict, and what it stands on.
pub(super) fn render(report: &Report) -> String {
    let Report { executions, elapsed, verdict, .. } = report;
    let words = word(*verdict);
    let style = match verdict {
        Verdict::Holds => GOOD,
        Verdict::Bounded => OPEN,
        _ => BAD,
    };
    let name = title(report);
    let granularity = report.granularity();
    let what = match verdict {
        Verdict::Holds if report.threads < 2 => {
            "it starts no thread, so there was nothing to explore".to_owned()
        }
        Verdict::Holds => format!("explored everything, {granularity}"),
        Verdict::Bounded => format!("nothing found, and not everything explored, {granularity}"),
        _ => format!("found {granularity}"),
    };
    let plural = if *executions == 1 { "" } else { "s" };
    let seconds = elapsed.as_secs_f64();
    let mut text = format!(
        "{style}{words}{style:#} {name}: {what} ({executions} execution{plural}, {seconds:.2} s)\n"
    );
    let says_something = report.outcomes.keys().any(|outcome| outcome != "None");
    for (outcome, count) in report.outcomes.iter().filter(|_| says_something) {
        let _ = writeln!(text, "  {count:>8} x {outcome}");
    }
    if let Some(inexact) = &report.inexact {
        let _ = writeln!(
            text,
            "  NOT EXACT: an execution that was run twice was not the same, so it depends on something \
             besides its schedule\n    {inexact}"
        );
    }
    if let Some(finding) = &report.finding {
        explain(&mut text, finding);
    }
    text
}

/// What was found, in one line without colours.
pub(super) fn summary(report: &Report) -> String {
    let whole = plain(report);
    let mut lines = whole.lines();
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    format!("{}: {}", first.split(" (").next().unwrap_or(first), second.trim())
}

/// All that [`render`] says, without colours.
pub(super) fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&render(report)).to_string()
}

fn explain(text: &mut String, finding: &Finding) {
    let Finding { end, witness, replayed, gil, .. } = finding;
    tell(text, end, witness);
    if let Some(gil) = gil {
        let _ = writeln!(text, "  {}", with_gil(gil));
    }
    if finding.preemptions == Some(0) {
        text.push_str("  no preemption is needed: it may fail without other threads, too\n");
    } else if let Some(preemptions) = finding.preemptions {
        let fewest = if finding.is_fewest { ", the fewest that show it" } else { "" };
        let plural = if preemptions == 1 { "" } else { "s" };
        let _ = writeln!(text, "  {preemptions} preemption{plural}{fewest}");
    }
    let _ = match *replayed {
        REPLAYS => writeln!(text, "  replayed {REPLAYS} times, always the same"),
        _ => writeln!(
            text,
            "  NOT EXACT: {replayed} of {REPLAYS} replays came to the same; the model depends on \
             something besides its schedule"
        ),
    };
    let _ = writeln!(text, "  to replay it: --replay {}", finding.token);
    text.push('\n');
    table(text, witness);
    if !finding.output.is_empty() && !matches!(end, End::Differs { .. }) {
        text.push_str("\n  it printed\n");
        finding.output.lines().for_each(|line| text.extend(["    ", line, "\n"]));
    }
    text.push('\n');
}

/// What a replay has come to.
pub(super) fn replayed(of: &Replayed) -> String {
    let Replayed { model, verdict, end, witness, turns, left_at, is_edited } = of;
    let (style, words) = match verdict {
        Some(_) => (BAD, "fails again"),
        None => (GOOD, "does not fail any more"),
    };
    let mut text = format!("{style}{words}{style:#} {model}\n");
    if *is_edited {
        text.push_str("  the file was edited since\n");
    }
    let _ = match left_at {
        Some(at) => writeln!(
            text,
            "  followed the recording for {at} of its {turns} choices, and went on by itself"
        ),
        None => writeln!(text, "  followed the recording, all of its {turns} choices"),
    };
    tell(&mut text, end, witness);
    text.push('\n');
    table(&mut text, witness);
    text
}

/// How an execution has ended, in sentences.
pub(super) fn told(end: &End, witness: &Witness) -> Vec<String> {
    match end {
        End::Failed(failure) => {
            vec![format!("{} (in {})", failure.message, name(witness, failure.thread.0))]
        }
        End::Deadlock(blocked) | End::Livelock(blocked) => {
            let told = blocked.iter().map(|blocked| {
                let at = crate::race::place(blocked.site);
                let at = at.map_or(String::new(), |place| format!(" at {place}"));
                let thread = name(witness, blocked.thread.0);
                format!("{thread} {}{at}", waits(witness, blocked))
            });
            told.collect()
        }
        End::Outlived => vec!["the model returned while a thread of its was running".to_owned()],
        End::Differs { first, this } => vec![format!("first  {first}"), format!("here   {this}")],
        End::TooLong => vec!["more steps than an execution may have".to_owned()],
        End::Finished | End::GivenUp => Vec::new(),
    }
}

fn tell(text: &mut String, end: &End, witness: &Witness) {
    for said in told(end, witness) {
        let _ = writeln!(text, "  {said}");
    }
}

/// Whether a GIL hides it, in words.
pub(super) fn with_gil(gil: &GilVerdict) -> String {
    match gil {
        GilVerdict::Hidden { executions } => format!(
            "hidden by the GIL: appears only free-threaded, or where a GIL is given up at any \
             instruction (explored everything with CPython 3.14's GIL: {executions} executions)"
        ),
        GilVerdict::Possible { executions, .. } => format!(
            "already possible with CPython 3.14's GIL, rare there (found in {executions} executions)"
        ),
        GilVerdict::NotFound { executions } => format!(
            "not found with CPython 3.14's GIL in {executions} executions, and there are others"
        ),
    }
}

fn name(witness: &Witness, thread: u32) -> &str {
    witness.threads.get(thread as usize).map_or("a thread", String::as_str)
}

/// What a thread waits for.
pub(super) fn waits(witness: &Witness, blocked: &Blocked) -> String {
    let holder = blocked.holder.map(|holder| name(witness, holder.0));
    match (blocked.spins, blocked.object, holder) {
        (true, ..) => "goes round in a loop that waits for a change nobody makes".to_owned(),
        (_, Some(_), Some(_)) if blocked.holder == Some(blocked.thread) => {
            "waits to be woken, or for a lock that it has itself".to_owned()
        }
        (_, Some(_), Some(holder)) => format!("waits for a lock that {holder} has"),
        (_, Some(_), None) => "waits to be woken, and nobody is left to do it".to_owned(),
        (_, None, Some(other)) => format!("waits for the end of {other}"),
        (_, None, None) => "waits".to_owned(),
    }
}

/// One column for each thread.
fn table(text: &mut String, witness: &Witness) {
    let cell = |row: &Row| {
        let mark = if row.conflicts { " *" } else { "" };
        let value = row.value.as_ref().map_or(String::new(), |value| format!(" = {value}"));
        format!("{} {}{value}{mark}", row.place, row.operation)
    };
    let width = |thread: usize| {
        let cells = witness.rows.iter().filter(|row| row.thread == thread);
        let widest = cells.map(|row| cell(row).chars().count()).max().unwrap_or(0);
        widest.max(witness.threads[thread].chars().count())
    };
    let widths: Vec<usize> = (0..witness.threads.len()).map(width).collect();
    let mut line = |shown: &dyn Fn(usize) -> String| {
        let cells = widths.iter().enumerate();
        let cells = cells.map(|(thread, width)| format!("{:width$}", shown(thread)));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "    {}", line.trim_end());
    };
    line(&|thread| witness.threads[thread].clone());
    for row in &witness.rows {
        line(&|thread| if row.thread == thread { cell(row) } else { String::new() });
    }
}

//! A failing execution as people read it: a row for each step, a column for each thread.

use std::path::Path;

use togil_interp::race::{Access, Event, ObjectId, Run, SiteId, SiteKind, Sync, ThreadId, site};

/// The steps of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The names of the threads: the columns.
    pub threads: Vec<String>,
    /// The steps in their order: those that synchronise, and those that conflict with another's.
    pub rows: Vec<Row>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The column.
    pub thread: usize,
    /// `file:line`, without the directory; empty outside of instrumented code.
    pub place: String,
    /// What is done.
    pub operation: String,
    /// Whether another thread does something to the same thing, and one of the two changes it.
    pub conflicts: bool,
}

impl Witness {
    /// Reads what an execution has recorded.
    pub(super) fn of(run: &Run) -> Self {
        let rows = run.trace.iter().enumerate();
        let rows = rows.filter(|(index, event)| is_sync(event) || conflicts(&run.trace, *index));
        let rows = rows.map(|(index, event)| {
            let kind = site(event.step.site).map(|site| site.kind);
            Row {
                thread: event.turn.thread.0 as usize,
                place: place(event.step.site).unwrap_or_default(),
                operation: operation(run, event, kind.as_ref()),
                conflicts: conflicts(&run.trace, index),
            }
        });
        Self { threads: run.threads.clone(), rows: rows.collect() }
    }
}

/// `file:line` without the directory; `None` outside of instrumented code.
pub fn place(of: SiteId) -> Option<String> {
    let site = site(of)?;
    let file = Path::new(&site.file).file_name().unwrap_or_default();
    Some(format!("{}:{}", file.to_string_lossy(), site.line))
}

/// That a thread ends need not be told.
fn is_sync(event: &Event) -> bool {
    event.step.sync.is_some_and(|sync| sync != Sync::End)
}

fn conflicts(trace: &[Event], index: usize) -> bool {
    let event = &trace[index];
    let others = trace.iter().filter(|other| other.turn.thread != event.turn.thread);
    others
        .flat_map(|other| &other.step.accesses)
        .any(|access| event.step.accesses.iter().any(|mine: &Access| mine.conflicts_with(access)))
}

fn operation(run: &Run, event: &Event, kind: Option<&SiteKind>) -> String {
    let name =
        |object: ObjectId| run.objects.get(object.0 as usize).map_or("object", String::as_str);
    let thread =
        |thread: ThreadId| run.threads.get(thread.0 as usize).map_or("thread", String::as_str);
    if let Some(sync) = event.step.sync {
        let (verb, what) = match sync {
            Sync::Acquire(object) => ("acquire", name(object)),
            Sync::TryAcquire(object) => ("try to acquire", name(object)),
            Sync::Look(object) => ("look at", name(object)),
            Sync::Release(object) => ("release", name(object)),
            Sync::Start(id) => ("start", thread(id)),
            Sync::Join(id) => ("join", thread(id)),
            Sync::End => ("end", ""),
        };
        let suffix = if event.turn.times_out { ": timed out" } else { "" };
        return format!("{verb} {what}{suffix}");
    }
    let object = event.step.accesses.first().map_or("object", |access| name(access.object));
    let write = event.step.accesses.iter().any(|access| access.write);
    match kind {
        Some(SiteKind::LoadAttr(attribute)) => format!("read {object}.{attribute}"),
        Some(SiteKind::StoreAttr(attribute)) => format!("write {object}.{attribute}"),
        Some(SiteKind::DeleteAttr(attribute)) => format!("delete {object}.{attribute}"),
        Some(SiteKind::LoadGlobal(name)) => format!("read global {name}"),
        Some(SiteKind::StoreGlobal(name)) => format!("write global {name}"),
        Some(SiteKind::DeleteGlobal(name)) => format!("delete global {name}"),
        Some(SiteKind::LoadCell(name)) => format!("read {name}"),
        Some(SiteKind::StoreCell(name)) => format!("write {name}"),
        Some(SiteKind::DeleteCell(name)) => format!("delete {name}"),
        Some(SiteKind::LoadItem) => format!("read item of {object}"),
        Some(SiteKind::StoreItem) => format!("write item of {object}"),
        Some(SiteKind::DeleteItem) => format!("delete item of {object}"),
        Some(SiteKind::Contains) => format!("look for item in {object}"),
        Some(SiteKind::ForIter) => format!("next item of {object}"),
        Some(SiteKind::Call) if write => format!("call that changes {object}"),
        Some(SiteKind::Call) => format!("call that reads {object}"),
        _ if write => format!("change {object}"),
        _ => format!("read {object}"),
    }
}

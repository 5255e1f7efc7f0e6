//! A failing execution as people read it: a row for each step, a column for each thread.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::explore::cause::causes;
use serde::{Deserialize, Serialize};
use togil_interp::race::{
    Access, Event, ObjectId, Run, Site, SiteId, SiteKind, Sync, ThreadId, add_site, site,
};

/// The steps of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The names of the threads: the columns.
    pub threads: Vec<String>,
    /// The steps in their order: those that synchronise, and those that conflict with another's. Where threads were
    /// switched before any instruction, also where they went on.
    pub rows: Vec<Row>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    /// The column.
    pub thread: usize,
    /// `file:line`, without the directory; empty outside of instrumented code.
    pub place: String,
    /// The file as it was given, or as the import found it; empty outside of instrumented code.
    pub file: String,
    /// 1 for the first line; 0 outside of instrumented code.
    pub line: u32,
    /// What is done.
    pub operation: String,
    /// What is read or written, where that could be told: a short number, text or other constant as
    /// Python shows it, and the class of anything else, as in `<Account>`.
    pub value: Option<String>,
    /// Whether another thread does something to the same thing, and one of the two changes it.
    pub conflicts: bool,
    /// Whether the failure turns on it: it conflicts, and over a variable that threads came in between the
    /// steps of another for. Each one that conflicts, where that was not needed.
    pub is_cause: bool,
    /// The rows before it that it conflicts with: of each other thread, the last one.
    pub conflicts_with: Vec<usize>,
    /// Whether it takes or gives back a lock.
    pub lock: Option<LockStep>,
}

/// What a step does to who holds a lock. Locks are told apart by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockStep {
    /// From here on the thread has it.
    Takes(u32),
    /// From here on nobody has it.
    Gives(u32),
}

impl Witness {
    /// Reads what an execution has recorded.
    pub(super) fn of(run: &Run) -> Self {
        let told = run.trace.iter().enumerate();
        let told: Vec<usize> = told
            .filter(|(index, event)| {
                is_sync(event) || conflicts(&run.trace, *index) || goes_on(&run.trace, *index)
            })
            .map(|(index, _)| index)
            .collect();
        let names = names(run, &told);
        let causes = causes(&run.trace);
        let rows = told.iter().enumerate().map(|(row, &index)| {
            let event = &run.trace[index];
            let at = site(event.step.site);
            let noted = run.noted.get(&index);
            let key = noted.and_then(|noted| noted.key.as_deref());
            let found = found(event).map(str::to_owned);
            Row {
                thread: event.turn.thread.0 as usize,
                place: place(event.step.site).unwrap_or_default(),
                line: at.as_ref().map_or(0, |at| at.line),
                operation: operation(run, &names, event, at.as_ref().map(|at| &at.kind), key),
                file: at.map_or(String::new(), |at| at.file),
                value: found.or_else(|| noted?.value.clone()),
                conflicts: conflicts(&run.trace, index),
                is_cause: causes[index],
                conflicts_with: before(&run.trace, &told[..row], event),
                lock: lock(event),
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

/// The file, as [`Row::file`] names it, and the line; `None` outside of instrumented code.
pub fn line(of: SiteId) -> Option<(String, u32)> {
    site(of).map(|site| (site.file, site.line))
}

/// What [`line()`] tells of is in another process: a site here that it tells the same of.
pub(crate) fn line_of_another_process(file: String, line: u32) -> SiteId {
    add_site(Site { kind: SiteKind::Entry, file, line, function: String::new() })
}

/// That a thread ends need not be told.
fn is_sync(event: &Event) -> bool {
    event.step.sync.is_some_and(|sync| sync != Sync::End)
}

/// Whether a thread goes on before an instruction after others were chosen there.
fn goes_on(trace: &[Event], index: usize) -> bool {
    let Event { turn, step, .. } = &trace[index];
    let Some(last) = index.checked_sub(1) else { return false };
    if trace[last].turn.thread == turn.thread || !step.accesses.is_empty() || step.sync.is_some() {
        return false;
    }
    // Not at its beginning.
    let has_begun =
        |event: &Event| event.turn.thread == turn.thread && event.step.site != SiteId::default();
    trace[..index].iter().any(has_begun)
        && site(step.site).is_some_and(|site| site.kind == SiteKind::Entry)
}

fn conflicts(trace: &[Event], index: usize) -> bool {
    let event = &trace[index];
    if event.step.accesses.is_empty() {
        return false;
    }
    let others = trace.iter().filter(|other| other.turn.thread != event.turn.thread);
    others.into_iter().any(|other| conflict(event, other))
}

fn conflict(one: &Event, other: &Event) -> bool {
    let mut others = other.step.accesses.iter();
    others.any(|other| one.step.accesses.iter().any(|mine: &Access| mine.conflicts_with(other)))
}

/// The last row of each other thread that conflicts with a step.
fn before(trace: &[Event], rows: &[usize], event: &Event) -> Vec<usize> {
    let mut last = BTreeMap::new();
    for (row, &index) in rows.iter().enumerate() {
        let other = &trace[index];
        if other.turn.thread != event.turn.thread && conflict(event, other) {
            last.insert(other.turn.thread, row);
        }
    }
    last.into_values().collect()
}

fn lock(event: &Event) -> Option<LockStep> {
    match event.step.sync? {
        Sync::Acquire(ObjectId(lock)) | Sync::TryAcquire(ObjectId(lock)) => {
            (event.units > 0 && !event.turn.times_out).then_some(LockStep::Takes(lock))
        }
        Sync::Release(ObjectId(lock)) => Some(LockStep::Gives(lock)),
        _ => None,
    }
}

/// What a step that asks about a lock is told.
fn found(event: &Event) -> Option<&'static str> {
    let answer = match event.step.sync? {
        Sync::TryAcquire(_) => event.units > 0,
        Sync::Look(_) => event.units == 0,
        _ => return None,
    };
    Some(if answer { "True" } else { "False" })
}

/// The objects in these steps by their classes, and numbered where there are several of one.
fn names(run: &Run, told: &[usize]) -> BTreeMap<ObjectId, String> {
    let mut kinds: BTreeMap<&str, BTreeSet<ObjectId>> = BTreeMap::new();
    for &index in told {
        if let Some(object) = object(&run.trace[index]) {
            let name = run.objects.get(object.0 as usize).map_or("object", String::as_str);
            kinds.entry(name).or_default().insert(object);
        }
    }
    let numbered = kinds.into_iter().flat_map(|(name, objects)| {
        let several = objects.len() > 1;
        objects.into_iter().enumerate().map(move |(number, object)| {
            let name = if several { format!("{name}#{}", number + 1) } else { name.to_owned() };
            (object, name)
        })
    });
    numbered.collect()
}

/// What a step is done to.
fn object(event: &Event) -> Option<ObjectId> {
    match event.step.sync {
        Some(
            Sync::Acquire(object)
            | Sync::TryAcquire(object)
            | Sync::Look(object)
            | Sync::Release(object),
        ) => Some(object),
        Some(_) => None,
        None => event.step.accesses.first().map(|access| access.object),
    }
}

fn operation(
    run: &Run,
    names: &BTreeMap<ObjectId, String>,
    event: &Event,
    kind: Option<&SiteKind>,
    key: Option<&str>,
) -> String {
    let object = object(event).and_then(|object| names.get(&object));
    let object = object.map_or("object", String::as_str);
    let thread =
        |thread: ThreadId| run.threads.get(thread.0 as usize).map_or("thread", String::as_str);
    if let Some(sync) = event.step.sync {
        let (verb, what) = match sync {
            Sync::Acquire(_) => ("acquire", object),
            Sync::TryAcquire(_) => ("try to acquire", object),
            Sync::Look(_) => ("look at", object),
            Sync::Release(_) => ("release", object),
            Sync::Start(id) => ("start", thread(id)),
            Sync::Join(id) => ("join", thread(id)),
            Sync::End => ("end", ""),
        };
        let suffix = if event.turn.times_out { ": timed out" } else { "" };
        return format!("{verb} {what}{suffix}");
    }
    let write = event.step.accesses.iter().any(|access| access.write);
    let item = key.map_or("item".to_owned(), |key| format!("item {key}"));
    match kind {
        Some(SiteKind::Entry) => "go on".to_owned(),
        Some(SiteKind::LoadAttr(attribute)) => format!("read {object}.{attribute}"),
        Some(SiteKind::StoreAttr(attribute)) => format!("write {object}.{attribute}"),
        Some(SiteKind::DeleteAttr(attribute)) => format!("delete {object}.{attribute}"),
        Some(SiteKind::LoadGlobal(name)) => format!("read global {name}"),
        Some(SiteKind::StoreGlobal(name)) => format!("write global {name}"),
        Some(SiteKind::DeleteGlobal(name)) => format!("delete global {name}"),
        Some(SiteKind::LoadCell(name)) => format!("read {name}"),
        Some(SiteKind::StoreCell(name)) => format!("write {name}"),
        Some(SiteKind::DeleteCell(name)) => format!("delete {name}"),
        Some(SiteKind::LoadItem) => format!("read {item} of {object}"),
        Some(SiteKind::StoreItem) => format!("write {item} of {object}"),
        Some(SiteKind::DeleteItem) => format!("delete {item} of {object}"),
        Some(SiteKind::Contains) => format!("look for {item} in {object}"),
        Some(SiteKind::ForIter) => format!("next item of {object}"),
        Some(SiteKind::Drop | SiteKind::End) => format!("let go of {object}"),
        Some(SiteKind::Leave) if write => format!("back into the call that changes {object}"),
        Some(SiteKind::Leave) => format!("back into the call that reads {object}"),
        Some(SiteKind::Call) if write => format!("call that changes {object}"),
        Some(SiteKind::Call) => format!("call that reads {object}"),
        _ if write => format!("change {object}"),
        _ => format!("read {object}"),
    }
}

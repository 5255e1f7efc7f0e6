//! Seeded faults in the lock protocol, the shared types, the locks of modules and the turns of an
//! exploration. Each is a change of their source that the models must notice: a mutant that
//! survives says that a model is missing.

mod explorer;
mod imports;
mod litmus;
mod shared;
mod target;
mod turns;

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limit;
use crate::step::{self, Models};

/// One fault: in `file`, the first `from` after `after` becomes `to`.
struct Mutant {
    name: &'static str,
    file: &'static str,
    after: &'static str,
    from: &'static str,
    to: &'static str,
}

const GIL: &str = "interp/src/lock/gil.rs";
const POLICY: &str = "interp/src/lock/policy.rs";
const STOP: &str = "interp/src/lock/stop.rs";
const ROLL: &str = "interp/src/lock/roll.rs";

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a voluntary release wakes nobody",
        file: GIL,
        after: "fn free(",
        from: "self.wake(next);",
        to: "let _ = next;",
    },
    Mutant {
        name: "a grant wakes nobody",
        file: GIL,
        after: "fn grant_next(",
        from: "self.wake(next);",
        to: "",
    },
    Mutant {
        name: "a wake-up does not reach a parked thread",
        file: GIL,
        after: "fn wake(",
        from: "record.member.parked.notify_one();",
        to: "",
    },
    Mutant {
        name: "a waiter forgets to note that it looked",
        file: GIL,
        after: "fn wait_for_turn",
        from: "me.woken.store(0, Ordering::Relaxed);",
        to: "",
    },
    Mutant {
        name: "a free GIL is not taken by the waiter that was woken",
        file: GIL,
        after: "fn wait_for_turn",
        from: "Turn::Free if state.policy.next() == Some(me.id)",
        to: "Turn::Free if state.policy.next() == Some(usize::MAX)",
    },
    Mutant {
        name: "a newcomer takes a GIL that is held",
        file: GIL,
        after: "pub fn acquire(",
        from: "if state.turn == Turn::Free {",
        to: "if state.turn != Turn::Granted(me.id) {",
    },
    Mutant {
        name: "a waiter takes a GIL that was granted to another",
        file: GIL,
        after: "fn wait_for_turn",
        from: "Turn::Granted(id) if id == me.id =>",
        to: "Turn::Granted(_) =>",
    },
    Mutant {
        name: "a request is for whoever holds the GIL, not for one tenure",
        file: GIL,
        after: "pub fn drop_requested(",
        from: "== me.tenure.load(Ordering::Relaxed)",
        to: "!= 0",
    },
    Mutant {
        name: "a tenure has the number of the one before",
        file: GIL,
        after: "fn take(",
        from: "state.tenure += 1;",
        to: "state.tenure = 1;",
    },
    Mutant {
        name: "the request is never stored",
        file: GIL,
        after: "fn ask(",
        from: "self.drop_request.store(state.tenure, Ordering::Relaxed);",
        to: "",
    },
    Mutant {
        name: "the bell rings before the request is there",
        file: GIL,
        after: "fn ask(",
        from: "self.drop_request.store(state.tenure, Ordering::Relaxed);",
        to: "(self.bell)(); self.drop_request.store(state.tenure, Ordering::Relaxed);",
    },
    Mutant {
        name: "nobody rings the bell",
        file: GIL,
        after: "fn ask(",
        from: "(self.bell)();",
        to: "",
    },
    Mutant {
        name: "a forced handoff is a free-for-all",
        file: GIL,
        after: "pub fn hand_over(",
        from: "state.grant_next();",
        to: "state.free();",
    },
    Mutant {
        name: "a thread that was asked may barge after it let go by itself",
        file: GIL,
        after: "pub fn release(",
        from: "if self.is_asked(&state) ||",
        to: "if false ||",
    },
    Mutant {
        name: "with tickets, too, whoever comes by first takes the GIL",
        file: GIL,
        after: "pub fn release(",
        from: "|| !state.policy.handoff().lets_barge()",
        to: "",
    },
    Mutant {
        name: "under CPython's rule a slice goes on when the GIL changes hands",
        file: POLICY,
        after: "pub(super) fn take(",
        from: "self.handoff.restarts_slice() && self.last != Some(id)",
        to: "false",
    },
    Mutant {
        name: "brief threads go first under every rule",
        file: POLICY,
        after: "pub(super) fn give_up(",
        from: "class.brief = self.handoff.prefers_brief()",
        to: "class.brief = true",
    },
    Mutant {
        name: "a holder hands over though nobody asked",
        file: GIL,
        after: "pub fn hand_over(",
        from: "if !self.is_asked(&state) || state.policy.is_empty()",
        to: "if state.policy.is_empty()",
    },
    Mutant {
        name: "closing wakes nobody",
        file: GIL,
        after: "pub fn close(",
        from: "state.wake(id);",
        to: "",
    },
    Mutant {
        name: "a waiter does not look whether it was closed",
        file: GIL,
        after: "fn wait_for_turn",
        from: "if state.is_closed_to(me) {",
        to: "if false {",
    },
    Mutant {
        name: "closing ends everybody's threads",
        file: GIL,
        after: "fn is_closed_to(",
        from: "group == me.group && survivor != me.id",
        to: "survivor != me.id || group == 0",
    },
    Mutant {
        name: "the child of a fork does not hold the GIL that its thread held",
        file: GIL,
        after: "pub fn copy_for_child(",
        from: "state.turn = Turn::Held(member.id);",
        to: "",
    },
    Mutant {
        name: "a new interval does not reach a sleeping waiter",
        file: GIL,
        after: "pub fn set_interval(",
        from: "state.wake_late_heads();",
        to: "",
    },
    Mutant {
        name: "the next waiter is not told that it keeps the timer",
        file: GIL,
        after: "fn take(",
        from: "state.wake_late_heads();",
        to: "",
    },
    Mutant {
        name: "an eviction grants the GIL to nobody",
        file: GIL,
        after: "pub fn evict_stalled(",
        from: "state.grant_next();",
        to: "",
    },
    Mutant {
        name: "an evicted thread runs on",
        file: GIL,
        after: "pub fn evict_stalled(",
        from: "holder.evicted.store(1, Ordering::Relaxed);",
        to: "",
    },
    Mutant {
        name: "an evicted thread that lets go takes the GIL from its holder",
        file: GIL,
        after: "pub fn release(",
        from: "if self.notice_eviction(me) {",
        to: "if false {",
    },
    Mutant {
        name: "a holder that is awake can be evicted",
        file: GIL,
        after: "pub fn evict_stalled(",
        from: "if !(holder.probe)() {",
        to: "if false {",
    },
    Mutant {
        name: "brief threads have no priority",
        file: POLICY,
        after: "pub(super) fn next(",
        from: "brief.or(normal)",
        to: "normal.or(brief)",
    },
    Mutant {
        name: "brief threads run up no lead",
        file: POLICY,
        after: "pub(super) fn give_up(",
        from: "self.lead += held.min(self.brief_limit());",
        to: "let _ = held;",
    },
    Mutant {
        name: "a lead has no consequences",
        file: POLICY,
        after: "pub(super) fn next(",
        from: "if self.lead > self.interval {",
        to: "if false {",
    },
    Mutant {
        name: "a displaced thread goes to the end of the queue",
        file: POLICY,
        after: "pub(super) fn enqueue(",
        from: "self.normal.push_front(id);",
        to: "self.normal.push_back(id);",
    },
    Mutant {
        name: "a normal waiter need not wait for the end of the slice",
        file: POLICY,
        after: "pub(super) fn ask_at(",
        from: "then_some(self.slice_end)",
        to: "then_some(0)",
    },
    Mutant {
        name: "a new job has the number of the one before",
        file: STOP,
        after: "pub fn begin(",
        from: ">> STATE_BITS) + 1;",
        to: ">> STATE_BITS) | 1;",
    },
    Mutant {
        name: "a stop is raised twice",
        file: STOP,
        after: "pub fn take(",
        from: "StopState::Asked, StopState::Raised)",
        to: "StopState::Asked, StopState::Asked)",
    },
    Mutant {
        name: "who insists after the exception is not heard",
        file: STOP,
        after: "pub fn insist(",
        from: "StopState::Raised, StopState::Insisted",
        to: "StopState::Insisted, StopState::Insisted",
    },
    Mutant {
        name: "the reason of a stop is not published",
        file: STOP,
        after: "fn change(",
        from: "Ordering::AcqRel",
        to: "Ordering::Relaxed",
    },
    Mutant {
        name: "a thread does not look for the reason of its stop",
        file: STOP,
        after: "pub fn take(",
        from: "self.change(job, StopState::Asked, StopState::Raised)",
        to: "self.word.compare_exchange(seen, word(job, StopState::Raised), Ordering::Relaxed, \
             Ordering::Relaxed).is_ok()",
    },
    Mutant {
        name: "a stop is counted after it can be seen",
        file: STOP,
        after: "fn change(",
        from: "if more {\n            self.pending.fetch_add(1, Ordering::Relaxed);",
        to: "if false {\n            self.pending.fetch_add(1, Ordering::Relaxed);",
    },
    Mutant {
        name: "a job that ends with a stop pending stays counted",
        file: STOP,
        after: "pub fn end(",
        from: "if last.is_pending() {",
        to: "if false {",
    },
    Mutant {
        name: "whoever turns the GIL on waits for nobody",
        file: ROLL,
        after: "fn all_in(",
        from: "!at_work()",
        to: "true || at_work()",
    },
    Mutant {
        name: "a thread that comes back from a wait misses that the GIL is on",
        file: ROLL,
        after: "fn is_on(",
        from: "fence(Ordering::SeqCst);",
        to: "",
    },
    Mutant {
        name: "whoever turns the GIL on misses a thread that comes back",
        file: ROLL,
        after: "fn turn_on(",
        from: "fence(Ordering::SeqCst);",
        to: "",
    },
    Mutant {
        name: "the GIL is on and nobody is told",
        file: ROLL,
        after: "fn turn_on(",
        from: "self.on.store(1",
        to: "self.on.store(0",
    },
    Mutant {
        name: "a thread is struck off the roll with all others",
        file: ROLL,
        after: "fn leave(",
        from: "*other != ticket",
        to: "*other != ticket && false",
    },
];

/// Compiles each mutant in a copy of the workspace and runs the models on it, as many at once as there are
/// cores. `only` names a part of the source: its file's path must contain it. `all` is every mutant, `litmus`
/// those that litmus programs notice; most of these are left out if nothing is named.
pub(crate) fn run(only: &str) -> bool {
    let all = MUTANTS
        .iter()
        .chain(shared::MUTANTS)
        .chain(turns::MUTANTS)
        .chain(imports::MUTANTS)
        .chain(explorer::MUTANTS)
        .chain(litmus::FEW)
        .chain(litmus::MORE.iter().filter(|_| !only.is_empty()));
    let is_chosen = |mutant: &&Mutant| match only {
        "all" => true,
        "litmus" => matches!(noticed_by(mutant.file), Models::OfLitmus),
        _ => mutant.file.contains(only),
    };
    let chosen: Vec<_> = all.filter(is_chosen).collect();
    let with_vm = chosen.iter().any(|mutant| matches!(noticed_by(mutant.file), Models::OfLitmus));
    if chosen.is_empty() {
        println!("no mutant is in a file whose path contains '{only}'");
        return false;
    }
    let (next, survivors) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = |worker: usize| {
        let root = PathBuf::from(format!("target/mutants/{worker}"));
        let copied = copy_workspace(&root).and_then(|()| match with_vm {
            true => target::link(&root.join("target/litmus")),
            false => Ok(()),
        });
        while let Some(mutant) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tried = match &copied {
                Ok(()) => try_mutant(&root, mutant),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            };
            let (killed, verdict) = match tried {
                Ok(Verdict::Killed(by)) => (true, format!("killed by {by}")),
                Ok(Verdict::Survived) => (false, "SURVIVED".to_owned()),
                Ok(Verdict::Broken(output)) => (false, format!("DOES NOT COMPILE\n{output}")),
                Err(error) => (false, format!("CANNOT BE MADE: {error}")),
            };
            survivors.fetch_add(usize::from(!killed), Ordering::Relaxed);
            println!("mutant: {}: {verdict}", mutant.name);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.len());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let work = &work;
            scope.spawn(move || work(worker));
        }
    });
    let survivors = survivors.into_inner();
    println!("{} mutants, {survivors} not killed", chosen.len());
    survivors == 0
}

enum Verdict {
    Killed(String),
    Survived,
    Broken(String),
}

fn try_mutant(root: &Path, mutant: &Mutant) -> io::Result<Verdict> {
    let file = root.join(mutant.file);
    let original = fs::read_to_string(mutant.file)?;
    fs::write(&file, mutant.apply(&original)?)?;
    let tried = try_models(&mut step::models(root, noticed_by(mutant.file)));
    fs::write(&file, original)?;
    tried
}

/// Runs models until one fails: the others need not be waited for.
fn try_models(command: &mut Command) -> io::Result<Verdict> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
        read.unwrap_or(Ok(0)).map(|_| String::from_utf8_lossy(&text).into_owned())
    });
    let mut started = false;
    for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line?;
        started |= line.starts_with("running ");
        let test = line.strip_prefix("test ");
        if let Some(model) = test.and_then(|test| test.strip_suffix(" ... FAILED")) {
            limit::kill(&mut child);
            return Ok(Verdict::Killed(model.to_owned()));
        }
    }
    if child.wait()?.success() {
        return Ok(Verdict::Survived);
    }
    if started {
        // A panic while a model unwinds leaves no such line.
        return Ok(Verdict::Killed("a model that aborted".to_owned()));
    }
    let errors = errors.join().unwrap_or_else(|_| Ok(String::new()))?;
    Ok(Verdict::Broken(errors))
}

/// The models of what a file is a part of: only they can notice a mutant in it.
fn noticed_by(file: &str) -> Models {
    const SHARED: &str = "host/src/shared/core/";
    match file {
        _ if file.starts_with("host/src/race/") => Models::OfExplorer,
        _ if file.starts_with("interp/src/race/") => Models::OfLitmus,
        _ if file.starts_with("interp/src/imports/") => Models::Loom(&["imports::"]),
        _ if let Some(part) = file.strip_prefix(SHARED) => match part {
            "channel.rs" => Models::Loom(&["shared_channel"]),
            "atomic.rs" => Models::Loom(&["shared_counter"]),
            "rw_lock.rs" => Models::Loom(&["shared_rw_lock"]),
            _ => Models::Loom(&["shared_table"]),
        },
        _ => Models::OfLock(&["--skip", "shared_", "--skip", "imports::"]),
    }
}

impl Mutant {
    fn apply(&self, source: &str) -> io::Result<String> {
        let missing = |what: &str| {
            let text = format!("{} does not contain '{what}': update the list", self.file);
            io::Error::new(io::ErrorKind::NotFound, text)
        };
        let start = source.find(self.after).ok_or_else(|| missing(self.after))?;
        let (before, rest) = source.split_at(start);
        if !rest.contains(self.from) {
            return Err(missing(self.from));
        }
        Ok(format!("{before}{}", rest.replacen(self.from, self.to, 1)))
    }
}

/// What the models need of the workspace: the manifests and two crates' sources.
fn copy_workspace(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    for entry in ["Cargo.toml", "Cargo.lock", "interp", "host", "benches", "tests", "examples"] {
        copy(Path::new(entry), &root.join(entry))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &PathBuf) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        // What has moved since the last copy would stand there twice.
        for entry in fs::read_dir(to)? {
            let old = entry?.path();
            let name = old.file_name().unwrap_or_default();
            match fs::metadata(from.join(name)) {
                Ok(new) if new.is_dir() == old.is_dir() => {}
                _ if old.is_dir() => fs::remove_dir_all(old)?,
                _ => fs::remove_file(old)?,
            }
        }
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    // Unchanged files keep their time, so that cargo compiles only what a mutant changes.
    let content = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == content) { Ok(()) } else { fs::write(to, content) }
}

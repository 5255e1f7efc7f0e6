//! The processes that explore, seen from the one that has started them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use super::message::{Message, STOP};

/// All of them. Those that still run are killed when it is dropped.
pub(super) struct Processes {
    all: Vec<Process>,
    /// The number of the next model that nobody has.
    next: usize,
    /// Each explores all models, a part of each.
    share: bool,
    /// The models in which somebody has found what is looked for.
    found: BTreeSet<usize>,
}

struct Process {
    child: Child,
    /// Each is told the numbers of models through what it has for its standard input, and answers there.
    port: UnixStream,
    /// The number of the model that it was given last.
    given: Option<usize>,
    is_done: bool,
}

/// What a process has said; nothing more where there is no message.
pub(super) struct Event {
    pub(super) process: usize,
    pub(super) message: Option<Message>,
}

impl Processes {
    /// Starts so many, each with its first model. They `share` models, or each has some for itself. The sender is
    /// told what they say.
    pub(super) fn start(count: usize, share: bool, sender: &Sender<Event>) -> Result<Self, String> {
        let cannot = |error| format!("cannot start {count} processes for --jobs: {error}");
        let mut processes = Self { all: Vec::new(), next: 0, share, found: BTreeSet::new() };
        for number in 0..count {
            let process = Process::start(number, sender.clone()).map_err(cannot)?;
            processes.all.push(process);
            processes.give_next(number);
        }
        Ok(processes)
    }

    /// Has a process explore the next model. It answers [`Message::Done`] if there is none.
    pub(super) fn give_next(&mut self, process: usize) {
        let Process { port, given, .. } = &mut self.all[process];
        let number = match *given {
            Some(last) if self.share => last + 1,
            None if self.share => 0,
            _ => self.next,
        };
        self.next = number + 1;
        *given = Some(number);
        // One that is dead is found by its end.
        let _ = writeln!(port, "{number}");
        if self.found.contains(&number) {
            let _ = writeln!(port, "{STOP}");
        }
    }

    /// Has nobody explore a model further, not even those that come to it later.
    pub(super) fn stop(&mut self, model: usize) {
        self.found.insert(model);
        for Process { port, given, is_done, .. } in &mut self.all {
            if *given == Some(model) && !*is_done {
                let _ = writeln!(port, "{STOP}");
            }
        }
    }

    /// The process has said that it has done all that it had to.
    pub(super) fn done(&mut self, process: usize) {
        self.all[process].is_done = true;
    }

    /// The process says nothing any more. Returns how it has ended, if that was too early.
    pub(super) fn ended(&mut self, process: usize) -> Option<ExitStatus> {
        let Process { child, is_done, .. } = &mut self.all[process];
        if *is_done {
            return None;
        }
        // Whoever has closed the port is about to end, or is no use any more.
        thread::sleep(Duration::from_millis(100));
        let _ = child.kill();
        child.wait().ok()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for Process { child, is_done, .. } in &mut self.all {
            if !*is_done {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

impl Process {
    fn start(number: usize, sender: Sender<Event>) -> std::io::Result<Self> {
        let (port, theirs) = UnixStream::pair()?;
        let child = Command::new(std::env::current_exe()?)
            .args(arguments(number))
            .stdin(OwnedFd::from(theirs))
            // What modules print at their import is printed once.
            .stdout(if number == 0 { Stdio::inherit() } else { Stdio::null() })
            .spawn()?;
        let lines = BufReader::new(port.try_clone()?).lines();
        thread::Builder::new().name(format!("togil-race-{number}")).spawn(move || {
            let messages = lines.map_while(Result::ok);
            let messages = messages.map_while(|line| serde_json::from_str(&line).ok());
            for message in messages.map(Some).chain([None]) {
                if sender.send(Event { process: number, message }).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { child, port, given: None, is_done: false })
    }
}

/// Those of this process, with the word that makes a worker.
fn arguments(number: usize) -> impl Iterator<Item = OsString> {
    // The first is the command: `race`.
    let mut own = std::env::args_os().skip(1);
    let command = own.next();
    command.into_iter().chain([format!("--worker={number}").into()]).chain(own)
}

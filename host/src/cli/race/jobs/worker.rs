//! A process that explores for another one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use super::super::RaceArgs;
use super::super::explore::{Place, Visitor, explored_past, walk};
use super::super::judge::Judge;
use super::message::{Message, Model, STOP};
use crate::Python;
use crate::race::{Lab, Report, Target, use_nth_core};

/// What connects it with the process that has started it.
pub(crate) struct Port {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Port {
    /// Takes it from the standard input, which is empty from now on. The process ends with the other one.
    pub(crate) fn take(number: usize) -> io::Result<Self> {
        let writer = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // Fails for what is no socket.
        writer.peer_addr()?;
        let nothing = File::open("/dev/null")?;
        // SAFETY: both are open, and nobody has a reference into what the standard input was.
        unsafe { libc::dup2(nothing.as_raw_fd(), 0) };
        // SAFETY: takes a signal's number, and touches no memory.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        use_nth_core(number);
        Ok(Self { reader: BufReader::new(writer.try_clone()?), writer })
    }

    /// The number of the next model to explore; `None` if the other process has gone.
    fn next(&mut self, py: Python<'_>) -> Option<usize> {
        loop {
            let mut line = String::new();
            py.detach(|| self.reader.read_line(&mut line)).ok()?;
            // That was about the model before.
            if line.trim() != STOP {
                return line.trim().parse().ok();
            }
        }
    }

    /// Whether something was said since the last number: to stop, there is nothing else. Or the other process has gone.
    fn is_told(&self) -> io::Result<impl Fn() -> bool + 'static> {
        let was_told = !self.reader.buffer().is_empty();
        let port = self.writer.try_clone()?;
        Ok(move || was_told || can_be_read(&port))
    }

    fn tell(&mut self, message: &Message) -> Result<(), String> {
        let line = serde_json::to_string(message).map_err(io::Error::from);
        let told = line.and_then(|line| writeln!(self.writer, "{line}"));
        told.map_err(|error| format!("cannot tell what was found: {error}"))
    }
}

/// Whether there is something to read, or the end.
fn can_be_read(port: &UnixStream) -> bool {
    let mut poll = libc::pollfd { fd: port.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one `pollfd`, which outlives the call; the descriptor is open as long as `port` lives. Waits for nothing.
    unsafe { libc::poll(&raw mut poll, 1, 0) > 0 }
}

/// Explores the models that it is told.
///
/// # Errors
/// In words: the other process cannot be told.
pub(crate) fn run(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
    mut port: Port,
) -> Result<(), String> {
    let Some(wanted) = port.next(py) else { return Ok(()) };
    let mut told = Told { py, args, port, wanted };
    let message = match walk(py, args, targets, judge, &mut told) {
        Ok(Some(names)) => Message::Done { names },
        // Nobody listens any more.
        Ok(None) => return Ok(()),
        Err(error) => Message::Failed(error),
    };
    told.port.tell(&message)
}

/// Explores the model that is wanted, and asks for the next one.
struct Told<'py, 'a> {
    py: Python<'py>,
    args: &'a RaceArgs,
    port: Port,
    wanted: usize,
}

impl Visitor for Told<'_, '_> {
    fn unreadable(&mut self, target: usize, error: String) -> Result<(), String> {
        self.port.tell(&Message::Unreadable { target, error })
    }

    fn model(
        &mut self,
        lab: &mut Lab<'_>,
        judge: &mut Judge<'_>,
        Place { target, number, model }: Place<'_>,
    ) -> Result<bool, String> {
        if number != self.wanted {
            return Ok(true);
        }
        let is_told = self.port.is_told().map_err(|error| error.to_string())?;
        lab.end_when(is_told);
        self.port.tell(&Message::Begins(model.to_owned()))?;
        let (mut candidates, mut is_found) = (Vec::new(), false);
        let candidate = |report: &Report, counts| {
            candidates.push(report.clone());
            is_found |= counts;
        };
        let report = explored_past(lab, model, self.args.search(), judge, candidate)?;
        let explored = Model::new(number, target, candidates, is_found, report);
        self.port.tell(&Message::Explored(Box::new(explored)))?;
        let next = self.port.next(self.py);
        self.wanted = next.unwrap_or_default();
        Ok(next.is_some())
    }
}

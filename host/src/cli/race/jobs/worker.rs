//! A process that explores for another one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use super::super::explore::{explored_past, open};
use super::super::judge::Judge;
use super::super::{RaceArgs, explain, lab};
use super::message::{Message, Model};
use crate::Python;
use crate::race::{Target, use_nth_core};

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
        let mut line = String::new();
        py.detach(|| self.reader.read_line(&mut line)).ok()?;
        line.trim().parse().ok()
    }

    fn tell(&mut self, message: &Message) {
        // If nobody listens, the next number does not come.
        if let Ok(line) = serde_json::to_string(message) {
            let _ = writeln!(self.writer, "{line}");
        }
    }
}

/// Explores the models that it is told.
pub(crate) fn run(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
    port: &mut Port,
) {
    if let Err(error) = work(py, args, targets, judge, port) {
        port.tell(&Message::Failed(error));
    }
}

fn work(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
    port: &mut Port,
) -> Result<(), String> {
    let mut lab = lab(py, args)?;
    let Some(mut wanted) = port.next(py) else { return Ok(()) };
    let mut number = 0;
    let mut names = Vec::new();
    for (target_number, target) in targets.iter().enumerate() {
        open(judge, target)?;
        let models = match lab.open(target).and_then(|()| lab.models()).map_err(explain) {
            Ok(models) => models,
            Err(error) if targets.len() > 1 => {
                port.tell(&Message::Unreadable { target: target_number, error });
                continue;
            }
            Err(error) => return Err(error),
        };
        for model in models {
            if args.asks_for(&model) {
                if number == wanted {
                    port.tell(&Message::Begins(model.clone()));
                    let mut candidates = Vec::new();
                    let report =
                        explored_past(&mut lab, &model, args.search(), judge, &mut candidates)?;
                    let explored = Model::new(number, target_number, candidates, report);
                    port.tell(&Message::Explored(Box::new(explored)));
                    let Some(next) = port.next(py) else { return Ok(()) };
                    wanted = next;
                }
                number += 1;
            }
            names.push(model);
        }
    }
    port.tell(&Message::Done { names });
    Ok(())
}

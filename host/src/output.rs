//! What scripts print: to the process's streams, into a buffer, or to a callback.
//!
//! `sys.stdout` and `sys.stderr` of a host are objects of ours that ask which job the calling
//! thread runs, or was started by.

use std::cell::RefCell;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use togil_interp::Python;
use togil_interp::vm::builtins::PyStrRef;
use togil_interp::vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use togil_interp::vm::{PyResult, VirtualMachine};

use crate::bundled;
use crate::job::JobCore;
use crate::limits::StopReason;

/// One of the two streams of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// `sys.stdout`
    Stdout,
    /// `sys.stderr`
    Stderr,
}

type OnLine = dyn Fn(Stream, &str) + Send + Sync;

/// What happens to what a job prints.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Output {
    /// It goes where the process's own output goes.
    #[default]
    Inherit,
    /// It is kept, for [`JobHandle::output`](crate::JobHandle::output).
    Capture,
    /// A function gets it line by line, without the line's end. It runs on the worker's thread, and
    /// an unfinished line comes at the end of the job. See [`Output::lines`].
    Lines(Arc<OnLine>),
}

impl Output {
    /// Calls a function for every line.
    pub fn lines(f: impl Fn(Stream, &str) + Send + Sync + 'static) -> Self {
        Self::Lines(Arc::new(f))
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inherit => "Inherit",
            Self::Capture => "Capture",
            Self::Lines(_) => "Lines",
        })
    }
}

/// What a job has printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// On `sys.stdout`.
    pub stdout: String,
    /// On `sys.stderr`.
    pub stderr: String,
}

/// Where one job's output goes.
pub(crate) struct Sink {
    output: Output,
    limit: Option<usize>,
    state: Mutex<SinkState>,
}

#[derive(Default)]
struct SinkState {
    written: usize,
    /// What is captured, or the lines that are not finished.
    text: Captured,
}

/// The job has printed more than it may, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TooMuch(usize);

impl Sink {
    pub(crate) fn new(output: Output, limit: Option<usize>) -> Arc<Self> {
        Arc::new(Self { output, limit, state: Mutex::default() })
    }

    /// Takes what fits; the callback runs without the lock.
    fn write(&self, stream: Stream, text: &str) -> Result<(), TooMuch> {
        let mut state = self.state.lock();
        let room = self.limit.map_or(usize::MAX, |limit| limit - state.written.min(limit));
        let (fits, whole) = match text.len() <= room {
            true => (text, true),
            false => (&text[..text.floor_char_boundary(room)], false),
        };
        state.written += fits.len();
        let buffer = match stream {
            Stream::Stdout => &mut state.text.stdout,
            Stream::Stderr => &mut state.text.stderr,
        };
        buffer.push_str(fits);
        if !matches!(self.output, Output::Capture) {
            // Whole lines, so that those of jobs that run at once do not mix.
            let end = buffer.rfind('\n').map_or(0, |end| end + 1);
            let lines: String = buffer.drain(..end).collect();
            drop(state);
            self.hand_out(stream, &lines);
        }
        if whole { Ok(()) } else { Err(TooMuch(self.limit.unwrap_or(usize::MAX))) }
    }

    fn hand_out(&self, stream: Stream, text: &str) {
        match &self.output {
            _ if text.is_empty() => {}
            Output::Capture => {}
            Output::Inherit => write_through(stream, text),
            Output::Lines(on_line) => text.lines().for_each(|line| on_line(stream, line)),
        }
    }

    /// The job is over: hands out the lines that are not finished.
    pub(crate) fn finish(&self) {
        if !matches!(self.output, Output::Capture) {
            let text = std::mem::take(&mut self.state.lock().text);
            self.hand_out(Stream::Stdout, &text.stdout);
            self.hand_out(Stream::Stderr, &text.stderr);
        }
    }

    pub(crate) fn captured(&self) -> Option<Captured> {
        matches!(self.output, Output::Capture).then(|| self.state.lock().text.clone())
    }
}

fn write_through(stream: Stream, text: &str) {
    // A closed or full stream is the process's business; a script cannot do anything about it.
    let _ = togil_interp::detached(|| match stream {
        Stream::Stdout => std::io::stdout().write_all(text.as_bytes()),
        Stream::Stderr => std::io::stderr().write_all(text.as_bytes()),
    });
}

thread_local! {
    /// The sink of the job that this thread runs.
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

pub(crate) type Current = (Arc<Sink>, Arc<JobCore>);

/// Sends what this thread prints to `sink` while `f`, which is `job`, runs.
pub(crate) fn with_sink<R>(sink: &Arc<Sink>, job: &Arc<JobCore>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Current>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some((sink.clone(), job.clone()))));
    f()
}

/// The sink and the job of the calling thread.
pub(crate) fn current() -> Option<Current> {
    CURRENT.with_borrow(Clone::clone)
}

/// What a script prints. A thread that runs no job prints to the process's streams.
fn write(stream: Stream, text: &str) {
    match current() {
        Some((sink, job)) => {
            if let Err(TooMuch(limit)) = sink.write(stream, text) {
                job.stop(StopReason::Output(limit));
            }
        }
        None => write_through(stream, text),
    }
}

static WRITE: PyMethodDef =
    PyMethodDef::new_raw_const("write", native_write, PyMethodFlags::empty(), ItemDoc::NONE);

/// `write(number, text)`, with 1 for stdout and 2 for stderr.
fn native_write(vm: &VirtualMachine, args: FuncArgs, _callee: Callee) -> PyResult {
    let (number, text): (i32, PyStrRef) = args.bind(vm)?;
    let stream = if number == 1 { Stream::Stdout } else { Stream::Stderr };
    write(stream, &text.as_wtf8().to_string());
    Ok(vm.ctx.none())
}

/// Gives an interpreter streams that know whose output they get.
pub(crate) fn install_streams(py: Python<'_>) -> PyResult<()> {
    let vm = py.vm();
    let write = WRITE.build_function(&vm.ctx).into();
    let scope = bundled::run(py, include_str!("output.py"), "<togil output>", [("_write", write)])?;
    for name in ["stdout", "stderr"] {
        let stream = scope.globals.get_item(name, vm)?;
        vm.sys_module.set_attr(vm.ctx.intern_str(name), stream.clone(), vm)?;
        let original = vm.ctx.intern_str(format!("__{name}__"));
        vm.sys_module.set_attr(original, stream, vm)?;
    }
    Ok(())
}

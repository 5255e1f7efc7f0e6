//! The thread that owns a host's interpreters: it builds them, and it finalizes them.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use togil_interp::{Handle, Interpreter, InterpreterBuilder, Python, SubInterpreter};

use super::policy::ImportPolicy;
use crate::bundled;
use crate::error::{HostError, PythonError};
use crate::output;

/// What every interpreter of a host is given before it runs jobs.
#[derive(Clone, Default)]
pub(super) struct Setup {
    pub(super) prelude: Vec<(String, String)>,
    pub(super) policy: Option<ImportPolicy>,
}

impl Setup {
    fn apply(&self, py: Python<'_>) -> Result<(), HostError> {
        let python = |exception| HostError::Setup(PythonError::new(py, exception));
        output::install_streams(py).map_err(python)?;
        for (name, source) in &self.prelude {
            prelude(py, name, source).map_err(|exception| HostError::Prelude {
                name: name.clone(),
                error: PythonError::new(py, exception),
            })?;
        }
        if let Some(policy) = &self.policy {
            policy.install(py).map_err(python)?;
        }
        Ok(())
    }
}

/// Loads a module from source, once, for all jobs to import.
fn prelude(py: Python<'_>, name: &str, source: &str) -> togil_interp::vm::PyResult<()> {
    let vm = py.vm();
    let variables = [("name", name), ("source", source)]
        .map(|(key, value)| (key, vm.ctx.new_str(value).into()));
    bundled::run(py, include_str!("prelude.py"), "<togil prelude>", variables).map(drop)
}

enum Command {
    NewSubInterpreter(mpsc::Sender<Result<Handle, HostError>>),
    Finalize,
}

/// The owner thread, seen from the others.
pub(super) struct Interpreters {
    commands: mpsc::Sender<Command>,
    main: Handle,
    thread: JoinHandle<()>,
    done: crossbeam_channel::Receiver<()>,
}

/// How long threads that scripts have left may take to end by themselves.
const GRACE: Duration = Duration::from_millis(500);
/// How long the end of an interpreter may take after that.
const PATIENCE: Duration = Duration::from_secs(5);

impl Interpreters {
    pub(super) fn start(builder: InterpreterBuilder, setup: Setup) -> Result<Self, HostError> {
        let (commands, inbox) = mpsc::channel();
        let (built, outcome) = mpsc::channel();
        let (finished, done) = crossbeam_channel::bounded(1);
        let thread = std::thread::Builder::new()
            .name("togil-interpreters".into())
            .spawn(move || {
                own(builder, &setup, &built, &inbox);
                let _ = finished.send(());
            })
            .map_err(HostError::Thread)?;
        let main = outcome.recv().unwrap_or(Err(HostError::Panicked))?;
        Ok(Self { commands, main, thread, done })
    }

    pub(super) fn main(&self) -> Handle {
        self.main.clone()
    }

    /// What makes more interpreters.
    pub(super) fn factory(&self) -> Factory {
        Factory(self.commands.clone())
    }

    /// Finalizes the interpreters, unless a thread is stuck in one of them: that could wait
    /// for ever, so then they are left as they are. Threads that scripts have left are waited for
    /// a little before they are dismissed.
    pub(super) fn finish(self, nobody_is_stuck: bool, dismiss_threads: impl FnOnce()) {
        if !nobody_is_stuck {
            tracing::warn!("the interpreters of a host are not finalized: a job is stuck in them");
            return;
        }
        let _ = self.commands.send(Command::Finalize);
        let mut done = self.done.recv_timeout(GRACE).is_ok();
        if !done {
            dismiss_threads();
            done = self.done.recv_timeout(PATIENCE).is_ok();
        }
        if done {
            let _ = self.thread.join();
        } else {
            tracing::warn!(
                "finalizing the interpreters of a host takes more than {PATIENCE:?} (threads that \
                 scripts started?); going on without waiting"
            );
        }
    }
}

/// Makes interpreters beside the first, on the thread that owns them all.
#[derive(Clone)]
pub(super) struct Factory(mpsc::Sender<Command>);

impl Factory {
    /// One more. Waits until it is there.
    pub(super) fn make(&self) -> Result<Handle, HostError> {
        let (reply, answer) = mpsc::channel();
        // The owner ends only when it is told to, or by a panic.
        let _ = self.0.send(Command::NewSubInterpreter(reply));
        answer.recv().unwrap_or(Err(HostError::Panicked))
    }
}

fn own(
    builder: InterpreterBuilder,
    setup: &Setup,
    built: &mpsc::Sender<Result<Handle, HostError>>,
    inbox: &mpsc::Receiver<Command>,
) {
    let interpreter = match builder.build() {
        Ok(interpreter) => interpreter,
        Err(error) => {
            let _ = built.send(Err(error.into()));
            return;
        }
    };
    if let Err(error) = interpreter.attach(|py| setup.apply(py)) {
        let _ = built.send(Err(error));
        interpreter.finalize(None);
        return;
    }
    let mut subs: Vec<SubInterpreter> = Vec::new();
    let _ = built.send(Ok(interpreter.handle()));
    loop {
        match inbox.recv() {
            Ok(Command::NewSubInterpreter(reply)) => {
                let made = new_sub(&interpreter, setup).map(|sub| {
                    let handle = sub.handle();
                    subs.push(sub);
                    handle
                });
                let _ = reply.send(made);
            }
            Ok(Command::Finalize) => break,
            // The host was not shut down but leaked: so are its interpreters.
            Err(mpsc::RecvError) => {
                std::mem::forget((interpreter, subs));
                return;
            }
        }
    }
    for sub in subs {
        sub.finalize();
    }
    interpreter.finalize(None);
}

fn new_sub(interpreter: &Interpreter, setup: &Setup) -> Result<SubInterpreter, HostError> {
    let sub = interpreter.create_subinterpreter();
    sub.attach(|py| setup.apply(py))?;
    Ok(sub)
}

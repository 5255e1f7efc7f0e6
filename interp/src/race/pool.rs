//! OS threads that are used for one execution after the other.

use std::sync::Arc;

use parking_lot::Mutex;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::deaths;
use super::execution::Execution;
use super::hook;
use super::{Step, Sync, ThreadId};
use crate::attach;
use crate::lock::Seat;

/// The threads that wait for work.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Arc<Worker>>>,
}

#[derive(Default)]
struct Worker {
    seat: Arc<Seat>,
    job: Mutex<Option<Job>>,
}

/// A thread of an execution.
struct Job {
    execution: Arc<Execution>,
    id: ThreadId,
    function: PyObjectRef,
}

impl Pool {
    /// Gives `function` to a thread, which waits for its first turn, and returns the thread's number.
    pub(crate) fn start(
        self: &Arc<Self>,
        vm: &VirtualMachine,
        execution: &Arc<Execution>,
        function: PyObjectRef,
        name: String,
        daemon: bool,
    ) -> PyResult<ThreadId> {
        let idle = self.idle.lock().pop();
        let worker = idle.map_or_else(|| self.hire(vm), Ok)?;
        let id = execution.add(worker.seat.clone(), name, daemon);
        *worker.job.lock() = Some(Job { execution: execution.clone(), id, function });
        Ok(id)
    }

    fn hire(self: &Arc<Self>, vm: &VirtualMachine) -> PyResult<Arc<Worker>> {
        let worker = Arc::new(Worker::default());
        let (pool, me) = (self.clone(), worker.clone());
        let main = vm.new_function("race_worker", move |vm: &VirtualMachine| pool.work(vm, &me));
        let start = vm.import("_thread", 0)?.get_attr("start_new_thread", vm)?;
        start.call((main, vm.ctx.new_tuple(Vec::new())), vm)?;
        Ok(worker)
    }

    /// Lets the threads end. None is started after this.
    pub(crate) fn dismiss(&self) {
        self.idle.lock().drain(..).for_each(|worker| worker.seat.call());
    }

    fn work(&self, vm: &VirtualMachine, me: &Arc<Worker>) {
        loop {
            attach::without_gil(vm, || vm.allow_threads(|| me.seat.wait()));
            let Some(job) = me.job.lock().take() else { return };
            let Job { execution, id, function } = job;
            // One that never began when the execution came to its end has nothing to undo.
            if !execution.is_over() {
                let result = hook::controlled(&execution, id, || {
                    let result = function.call((), vm);
                    deaths::let_go(vm)?;
                    result
                });
                if let Err(error) = result {
                    execution.fail_with(vm, id, &error);
                }
                let step = Step { sync: Some(Sync::End), ..Step::default() };
                // Over meanwhile or not: it has come to its end.
                let _ = execution.announce(vm, id, step, None);
            }
            drop(function);
            self.idle.lock().push(me.clone());
            execution.leave(id);
        }
    }
}

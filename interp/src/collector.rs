//! The garbage collector at the end of an interpreter. In this VM one collection runs at a time in
//! the process, and it begins by stopping the worlds of all interpreters, one after the other.
//!
//! A thread that collects may be suspended on the way there, with the collector taken, with some
//! worlds stopped already, and with the gate shut through which new interpreters must pass. Were
//! its own interpreter shut down at that moment, it would hang with all of them. So threads are
//! shut down inside a collection of the thread that does it: no other thread is in one then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use crate::attach;

/// How long collections of others are waited for. One may be in a finalizer that never returns; but on a
/// busy machine threads that do nothing but collect leave few gaps.
const LIMIT: Duration = Duration::from_secs(5);

/// Between two tries. Short, as others may collect one after the other.
const PAUSE: Duration = Duration::from_micros(10);

/// Calls `f` while no other thread collects; after [`LIMIT`], all the same.
pub(crate) fn exclusively<F>(vm: &VirtualMachine, f: F)
where
    F: Fn(&VirtualMachine) + Copy + Send + Sync + 'static,
{
    let start = Instant::now();
    loop {
        // An error is one of memory: then there is no collection either.
        if collect_to_call(vm, f).unwrap_or(false) {
            return;
        }
        if start.elapsed() > LIMIT {
            return f(vm);
        }
        attach::without_gil(vm, || vm.allow_threads(|| std::thread::sleep(PAUSE)));
    }
}

/// Makes a piece of garbage whose end calls `f`, and collects it. Returns whether `f` was called: it
/// is not while another thread collects.
fn collect_to_call<F>(vm: &VirtualMachine, f: F) -> PyResult<bool>
where
    F: Fn(&VirtualMachine) + Send + Sync + 'static,
{
    let called = Arc::new(AtomicBool::new(false));
    let on_end = {
        let called = called.clone();
        vm.new_function("on_end", move |_: PyObjectRef, vm: &VirtualMachine| {
            // Not for a collection that comes later.
            if !called.swap(true, Ordering::Relaxed) {
                f(vm);
            }
        })
    };
    // Modules can be referenced weakly, and this one refers to itself. The VM calls back once
    // the world runs again, before it lets go of the collector.
    let garbage = vm.new_module("garbage", vm.ctx.new_dict(), None);
    garbage.set_attr("itself", garbage.clone(), vm)?;
    let _weak = garbage.as_object().downgrade(Some(on_end.into()), vm)?;
    drop(garbage);
    vm.state.gc.collect_force(0);
    Ok(called.swap(true, Ordering::Relaxed))
}

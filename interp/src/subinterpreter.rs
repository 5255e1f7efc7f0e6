//! Interpreters beside the first: modules, globals and garbage collection of their own.

use rustpython_vm::Interpreter as Inner;

use crate::interpreter::{Handle, attached};
use crate::python::Python;
use crate::{ast, attach, import_lock, imports};

/// An interpreter made by [`Interpreter::create_subinterpreter`](crate::Interpreter::create_subinterpreter).
/// Belongs to the thread that made it; other threads use its [`Handle`].
pub struct SubInterpreter {
    inner: Inner,
    handle: Handle,
}

impl SubInterpreter {
    pub(crate) fn new(inner: Inner) -> Self {
        let template = inner.enter(|vm| {
            attached(vm, |_| {
                let set_up = ast::forget(vm).and_then(|()| imports::install(vm));
                if let Err(error) = set_up {
                    vm.run_unraisable(error, None, vm.ctx.none());
                }
                vm.new_thread()
            })
        });
        let handle = Handle::new(inner.id(), template);
        Self { inner, handle }
    }

    /// Attaches this thread and runs `f`. Takes the GIL if there is one.
    pub fn attach<R>(&self, f: impl FnOnce(Python<'_>) -> R) -> R {
        self.inner.enter(|vm| attached(vm, f))
    }

    /// For other threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends the interpreter. No other thread may be attached to it.
    pub fn finalize(self) {
        let Self { inner, handle } = self;
        let entered = inner.enter(attach::enter);
        drop(handle);
        inner.enter(|vm| import_lock::shut_down_others(vm, |_| {}));
        inner.finalize(None);
        if entered {
            attach::leave();
        }
    }
}

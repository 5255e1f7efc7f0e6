//! `_ThreadHandle`, and the functions that start a thread.

use rustpython_vm::pymodule;

#[pymodule(sub, name = "_thread")]
pub(super) mod handle {
    use std::cell::Cell;

    use rustpython_vm::builtins::{PyDictRef, PyTupleRef, PyTypeRef};
    use rustpython_vm::function::{
        ArgCallable, FuncArgs, KwArgs, OptionalArg, OptionalOption, TimeoutSeconds,
    };
    use rustpython_vm::types::Representable;
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObject, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
    };

    use crate::thread::{never, turn};

    #[derive(Debug, Default, Clone, Copy, PartialEq)]
    enum State {
        #[default]
        New,
        Running,
        Done,
    }

    #[pyattr]
    #[pyclass(module = "_thread", name = "_ThreadHandle")]
    #[derive(Debug, Default, PyPayload)]
    struct ThreadHandle {
        ident: Cell<u64>,
        state: Cell<State>,
    }

    #[pyclass(with(Representable))]
    impl ThreadHandle {
        #[pyslot]
        fn slot_new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            ThreadHandle::default().into_ref_with_type(vm, class).map(Into::into)
        }

        #[pygetset]
        fn ident(zelf: &Py<Self>) -> u64 {
            zelf.ident.get()
        }

        #[pymethod]
        fn is_done(zelf: &Py<Self>) -> bool {
            zelf.state.get() == State::Done
        }

        #[pymethod]
        fn _set_done(zelf: &Py<Self>) {
            zelf.state.set(State::Done);
        }

        #[pymethod]
        fn join(
            zelf: &Py<Self>,
            timeout: OptionalOption<TimeoutSeconds>,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            match zelf.state.get() {
                State::New => Err(vm.new_runtime_error("thread not started")),
                State::Done => Ok(()),
                State::Running if zelf.ident.get() == turn::ident() => {
                    Err(vm.new_runtime_error("Cannot join current thread"))
                }
                State::Running => {
                    let what = "this thread waits for the end of one that has started it";
                    let limit = timeout.flatten().map(TimeoutSeconds::to_secs_f64);
                    let limit = limit.filter(|seconds| *seconds >= 0.0);
                    never::wait(what, limit, vm)
                }
            }
        }
    }

    impl Representable for ThreadHandle {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(format!("<_ThreadHandle object: ident={}>", zelf.ident.get()))
        }
    }

    #[pyfunction]
    fn _make_thread_handle(ident: u64) -> ThreadHandle {
        ThreadHandle { ident: Cell::new(ident), state: Cell::new(State::Running) }
    }

    #[derive(FromArgs)]
    struct StartArgs {
        #[pyarg(any)]
        function: ArgCallable,
        #[pyarg(any, default)]
        handle: Option<PyRef<ThreadHandle>>,
        #[pyarg(any, default = true)]
        daemon: bool,
    }

    #[pyfunction]
    fn start_joinable_thread(
        args: StartArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<ThreadHandle>> {
        let StartArgs { function, handle, daemon } = args;
        let handle = handle.unwrap_or_else(|| ThreadHandle::default().into_ref(&vm.ctx));
        if handle.state.get() != State::New {
            return Err(vm.new_runtime_error("thread already started"));
        }
        // Most of them are servers, which `start()` would never come back from.
        if daemon {
            let what = "a daemon thread is one that runs beside the others";
            return Err(never::error(what, vm));
        }
        turn::run(|ident| {
            handle.ident.set(ident);
            handle.state.set(State::Running);
            call(&function, FuncArgs::default(), vm);
            handle.state.set(State::Done);
        })?;
        Ok(handle)
    }

    #[pyfunction]
    fn start_new_thread(
        function: ArgCallable,
        args: PyTupleRef,
        kwargs: OptionalArg<PyDictRef>,
        vm: &VirtualMachine,
    ) -> PyResult<u64> {
        let mut keywords = Vec::new();
        for (name, value) in kwargs.into_iter().flat_map(|kwargs| kwargs.into_iter()) {
            keywords.push((name.try_into_value::<String>(vm)?, value));
        }
        let args =
            FuncArgs::new(args.as_slice().to_vec(), keywords.into_iter().collect::<KwArgs>());
        let mut started = 0;
        turn::run(|ident| {
            started = ident;
            call(&function, args, vm);
        })?;
        Ok(started)
    }

    /// What a thread does with the exception of its function.
    fn call(function: &ArgCallable, args: FuncArgs, vm: &VirtualMachine) {
        let Err(error) = function.invoke(args, vm) else { return };
        let quiet = [vm.ctx.exceptions.system_exit.to_owned(), vm.class("_thread", never::CLASS)];
        if quiet.iter().any(|class| error.fast_isinstance(class)) {
            return;
        }
        let object: &PyObject = function.as_ref();
        let what = object
            .repr(vm)
            .ok()
            .map(|name| format!("Exception ignored in thread started by {}", name.as_wtf8()));
        vm.run_unraisable(error, what, vm.ctx.none());
    }
}

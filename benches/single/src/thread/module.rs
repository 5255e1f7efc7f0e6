//! The module, and what it has besides locks, handles and `_local`.

use rustpython_vm::pymodule;

use super::handle::handle;
use super::hook::hook;
use super::local::local;
use super::lock::lock;

#[pymodule(with(handle, hook, local, lock))]
pub(crate) mod _thread {
    use std::cell::Cell;

    use rustpython_vm::builtins::PyTypeRef;
    use rustpython_vm::function::OptionalArg;
    use rustpython_vm::{PyResult, VirtualMachine};

    use crate::thread::{never, turn};

    /// Tells a script that it is the only thread. The VM's own module has no such name.
    #[pyattr]
    const ONE_THREAD: bool = true;

    #[pyattr]
    fn error(vm: &VirtualMachine) -> PyTypeRef {
        vm.ctx.exceptions.runtime_error.to_owned()
    }

    #[pyattr]
    #[expect(non_snake_case, reason = "the name of a Python class")]
    fn OneThreadError(vm: &VirtualMachine) -> PyTypeRef {
        never::class(vm)
    }

    #[pyfunction]
    fn get_ident() -> u64 {
        turn::ident()
    }

    /// The one thread is the process's first.
    #[pyfunction]
    fn get_native_id() -> u32 {
        std::process::id()
    }

    #[pyfunction]
    fn _get_main_thread_ident() -> u64 {
        turn::MAIN
    }

    #[pyfunction]
    fn _is_main_interpreter() -> bool {
        true
    }

    #[pyfunction]
    fn daemon_threads_allowed() -> bool {
        true
    }

    #[pyfunction]
    fn _count() -> usize {
        turn::depth()
    }

    /// There is no thread left to wait for.
    #[pyfunction]
    fn _shutdown() {}

    #[pyfunction]
    fn exit(vm: &VirtualMachine) -> PyResult {
        Err(vm.new_system_exit(Vec::new().into()))
    }

    thread_local! {
        static STACK_SIZE: Cell<usize> = const { Cell::new(0) };
    }

    /// Remembered, and without effect.
    #[pyfunction]
    fn stack_size(size: OptionalArg<usize>) -> usize {
        STACK_SIZE.replace(size.unwrap_or(0))
    }
}

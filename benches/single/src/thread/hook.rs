//! `_excepthook`: what `threading` does with an exception that ends a thread.

use rustpython_vm::pymodule;

#[pymodule(sub, name = "_thread")]
pub(super) mod hook {
    use rustpython_vm::function::{FuncArgs, KwArgs};
    use rustpython_vm::types::PyStructSequence;
    use rustpython_vm::{
        AsObject, PyObjectRef, PyResult, VirtualMachine, pyclass, pystruct_sequence,
        pystruct_sequence_data,
    };

    use crate::thread::{never, turn};

    #[pystruct_sequence_data]
    struct ExceptHookArgsData {
        exc_type: PyObjectRef,
        exc_value: PyObjectRef,
        exc_traceback: PyObjectRef,
        thread: PyObjectRef,
    }

    #[pyattr]
    #[pystruct_sequence(name = "_ExceptHookArgs", module = "_thread", data = "ExceptHookArgsData")]
    struct PyExceptHookArgs;

    #[pyclass(with(PyStructSequence))]
    impl PyExceptHookArgs {}

    #[pyfunction]
    fn _excepthook(args: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let class = args.get_attr("exc_type", vm)?;
        // The second is raised again where the thread was started.
        if class.is(vm.ctx.exceptions.system_exit) || class.is(&vm.class("_thread", never::CLASS)) {
            return Ok(());
        }
        let thread = args.get_attr("thread", vm)?;
        let mut stderr = vm.sys_module.get_attr("stderr", vm).unwrap_or_else(|_| vm.ctx.none());
        if vm.is_none(&stderr) && !vm.is_none(&thread) {
            stderr = thread.get_attr("_stderr", vm)?;
        }
        if vm.is_none(&stderr) {
            return Ok(());
        }
        let name = if vm.is_none(&thread) {
            turn::ident().to_string()
        } else {
            thread.get_attr("name", vm)?.str(vm)?.to_string()
        };
        vm.call_method(&stderr, "write", (format!("Exception in thread {name}:\n"),))?;
        let print = vm.import("traceback", 0)?.get_attr("print_exception", vm)?;
        let exception = ["exc_type", "exc_value", "exc_traceback"];
        let exception =
            exception.iter().map(|name| args.get_attr(*name, vm)).collect::<PyResult<Vec<_>>>()?;
        let keywords: KwArgs = [("file".to_owned(), stderr.clone())].into_iter().collect();
        print.call_with_args(FuncArgs::new(exception, keywords), vm)?;
        vm.call_method(&stderr, "flush", ()).map(drop)
    }
}

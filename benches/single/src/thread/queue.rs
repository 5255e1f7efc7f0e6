//! `_queue`. The VM's own, without thread support, takes a `get()` that would wait for one with
//! `block=False`.

use rustpython_vm::pymodule;

#[pymodule]
pub(crate) mod _queue {
    use std::collections::VecDeque;

    use rustpython_vm::builtins::{PyException, PyGenericAlias, PyType, PyTypeRef};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::function::TimeoutSeconds;
    use rustpython_vm::types::Constructor;
    use rustpython_vm::{FromArgs, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};

    use crate::thread::never;

    #[pyattr]
    #[pyclass(module = "_queue", name = "Empty", base = PyException)]
    #[repr(transparent)]
    struct Empty(PyException);

    #[pyclass(flags(HAS_WEAKREF, BASETYPE))]
    impl Empty {}

    #[pyattr]
    #[pyclass(module = "_queue", name = "SimpleQueue")]
    #[derive(Debug, Default, PyPayload)]
    struct SimpleQueue {
        items: PyMutex<VecDeque<PyObjectRef>>,
    }

    #[derive(FromArgs)]
    struct ItemArg {
        #[pyarg(any)]
        item: PyObjectRef,
    }

    /// Those of `Queue.put`; it never waits.
    #[derive(FromArgs)]
    struct PutArgs {
        #[pyarg(any)]
        item: PyObjectRef,
        #[expect(dead_code, reason = "without effect")]
        #[pyarg(any, default = true)]
        block: bool,
        #[expect(dead_code, reason = "without effect")]
        #[pyarg(any, optional)]
        timeout: Option<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct GetArgs {
        #[pyarg(any, default = true)]
        block: bool,
        #[pyarg(any, optional)]
        timeout: Option<TimeoutSeconds>,
    }

    #[pyclass(with(Constructor), flags(BASETYPE, HAS_WEAKREF, IMMUTABLETYPE))]
    impl SimpleQueue {
        #[pymethod]
        fn put(zelf: &Py<Self>, args: PutArgs) {
            zelf.items.lock().push_back(args.item);
        }

        #[pymethod]
        fn put_nowait(zelf: &Py<Self>, args: ItemArg) {
            zelf.items.lock().push_back(args.item);
        }

        #[pymethod]
        fn get(zelf: &Py<Self>, args: GetArgs, vm: &VirtualMachine) -> PyResult {
            let limit = args.timeout.map(TimeoutSeconds::to_secs_f64);
            if args.block && limit.is_some_and(|seconds| seconds < 0.0) {
                return Err(vm.new_value_error("'timeout' must be a non-negative number"));
            }
            if args.block && zelf.items.lock().is_empty() {
                let what = "this thread waits for an item, and nobody else runs who could put one \
                    into the queue";
                never::wait(what, limit, vm)?;
            }
            Self::get_nowait(zelf, vm)
        }

        #[pymethod]
        fn get_nowait(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            let item = zelf.items.lock().pop_front();
            item.ok_or_else(|| vm.new_exception_empty(vm.class("_queue", "Empty")))
        }

        #[pymethod]
        fn empty(zelf: &Py<Self>) -> bool {
            zelf.items.lock().is_empty()
        }

        #[pymethod]
        fn qsize(zelf: &Py<Self>) -> usize {
            zelf.items.lock().len()
        }

        #[pyclassmethod]
        fn __class_getitem__(
            class: PyTypeRef,
            item: PyObjectRef,
            vm: &VirtualMachine,
        ) -> PyResult<PyGenericAlias> {
            PyGenericAlias::from_args(class, item, vm)
        }
    }

    impl Constructor for SimpleQueue {
        type Args = ();

        fn py_new(_class: &Py<PyType>, _args: (), _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self::default())
        }
    }
}

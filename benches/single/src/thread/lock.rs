//! `lock` and `RLock`.

use rustpython_vm::pymodule;

#[pymodule(sub, name = "_thread")]
pub(super) mod lock {
    use std::cell::Cell;

    use rustpython_vm::builtins::{PyTupleRef, PyType, PyTypeRef};
    use rustpython_vm::function::{FuncArgs, TimeoutSeconds};
    use rustpython_vm::types::{Constructor, Representable};
    use rustpython_vm::{AsObject, FromArgs, Py, PyPayload, PyResult, VirtualMachine, pyclass};

    use crate::thread::{never, turn};

    /// Seconds, as in the VM's own module.
    #[pyattr]
    const TIMEOUT_MAX: f64 = (i64::MAX / 1_000_000_000) as f64;

    const NO_LIMIT: f64 = -1.0;

    const WAITS_FOR_LOCK: &str = "this thread waits for a lock, or for what is built on one (an \
        Event, a Condition, a Queue), and nobody else runs who could release it";

    #[derive(FromArgs)]
    struct AcquireArgs {
        #[pyarg(any, default = true)]
        blocking: bool,
        #[pyarg(any, default = TimeoutSeconds::new(NO_LIMIT), py_default = "-1")]
        timeout: TimeoutSeconds,
    }

    impl AcquireArgs {
        fn check(&self, vm: &VirtualMachine) -> PyResult<()> {
            let timeout = self.timeout.to_secs_f64();
            if timeout == NO_LIMIT {
                return Ok(());
            }
            if !self.blocking {
                return Err(vm.new_value_error("can't specify a timeout for a non-blocking call"));
            }
            if timeout < 0.0 {
                return Err(vm.new_value_error("timeout value must be a non-negative number"));
            }
            if timeout > TIMEOUT_MAX {
                return Err(vm.new_overflow_error("timeout value is too large"));
            }
            Ok(())
        }

        /// The lock is held: does what there is to do about it.
        #[cold]
        fn wait(&self, vm: &VirtualMachine) -> PyResult<bool> {
            if self.blocking {
                let timeout = self.timeout.to_secs_f64();
                let limit = (timeout != NO_LIMIT).then_some(timeout);
                never::wait(WAITS_FOR_LOCK, limit, vm)?;
            }
            Ok(false)
        }
    }

    #[pyattr(name = "LockType")]
    #[pyattr(name = "lock")]
    #[pyclass(module = "_thread", name = "lock")]
    #[derive(Debug, Default, PyPayload)]
    struct Lock {
        held: Cell<bool>,
    }

    #[pyclass(with(Constructor, Representable), flags(HAS_WEAKREF))]
    impl Lock {
        #[pymethod]
        #[pymethod(name = "acquire_lock")]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            args.check(vm)?;
            if zelf.held.replace(true) { args.wait(vm) } else { Ok(true) }
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            if zelf.held.replace(true) {
                never::wait(WAITS_FOR_LOCK, None, vm)?;
            }
            Ok(true)
        }

        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if zelf.held.replace(false) {
                Ok(())
            } else {
                Err(vm.new_runtime_error("release unlocked lock"))
            }
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        #[pymethod]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.held.get()
        }

        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>) {
            zelf.held.set(false);
        }
    }

    impl Constructor for Lock {
        type Args = ();

        fn py_new(_class: &Py<PyType>, _args: (), _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Self::default())
        }
    }

    impl Representable for Lock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(describe(zelf.held.get(), zelf.as_object(), ""))
        }
    }

    #[pyfunction]
    fn allocate_lock() -> Lock {
        Lock::default()
    }

    /// Held while `count` is not 0. The owner is a thread that has not ended.
    #[pyattr]
    #[pyclass(module = "_thread", name = "RLock")]
    #[derive(Debug, Default, PyPayload)]
    struct RLock {
        owner: Cell<u64>,
        count: Cell<usize>,
    }

    impl RLock {
        fn try_acquire(&self) -> bool {
            let me = turn::ident();
            if self.count.get() > 0 && self.owner.get() != me {
                return false;
            }
            self.owner.set(me);
            self.count.set(self.count.get() + 1);
            true
        }

        /// How often the current thread has it.
        fn held_by_me(&self) -> usize {
            if self.owner.get() == turn::ident() { self.count.get() } else { 0 }
        }

        fn check_owned(&self, vm: &VirtualMachine) -> PyResult<()> {
            if self.held_by_me() == 0 {
                return Err(vm.new_runtime_error("cannot release un-acquired lock"));
            }
            Ok(())
        }
    }

    #[pyclass(with(Representable), flags(BASETYPE, HAS_WEAKREF))]
    impl RLock {
        #[pyslot]
        fn slot_new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            RLock::default().into_ref_with_type(vm, class).map(Into::into)
        }

        #[pymethod]
        #[pymethod(name = "acquire_lock")]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            args.check(vm)?;
            if zelf.try_acquire() { Ok(true) } else { args.wait(vm) }
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            if !zelf.try_acquire() {
                never::wait(WAITS_FOR_LOCK, None, vm)?;
            }
            Ok(true)
        }

        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.check_owned(vm)?;
            zelf.count.set(zelf.count.get() - 1);
            Ok(())
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        #[pymethod]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.count.get() > 0
        }

        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>) {
            zelf.count.set(0);
        }

        #[pymethod]
        fn _is_owned(zelf: &Py<Self>) -> bool {
            zelf.held_by_me() > 0
        }

        #[pymethod]
        fn _recursion_count(zelf: &Py<Self>) -> usize {
            zelf.held_by_me()
        }

        #[pymethod]
        fn _release_save(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<(usize, u64)> {
            zelf.check_owned(vm)?;
            Ok((zelf.count.replace(0), zelf.owner.get()))
        }

        #[pymethod]
        fn _acquire_restore(
            zelf: &Py<Self>,
            state: PyTupleRef,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            let [count, owner] = state.as_slice() else {
                let text = "_acquire_restore() argument 1 must be a 2-item tuple";
                return Err(vm.new_type_error(text));
            };
            let count = count.clone().try_into_value(vm)?;
            let owner = owner.clone().try_into_value(vm)?;
            if !zelf.try_acquire() {
                never::wait(WAITS_FOR_LOCK, None, vm)?;
            }
            zelf.count.set(count);
            zelf.owner.set(owner);
            Ok(())
        }
    }

    impl Representable for RLock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            let count = zelf.count.get();
            Ok(describe(count > 0, zelf.as_object(), &format!(" count={count}")))
        }
    }

    fn describe(held: bool, object: &rustpython_vm::PyObject, more: &str) -> String {
        let held = if held { "locked" } else { "unlocked" };
        format!("<{held} {} object{more} at {:#x}>", object.class().name(), object.get_id())
    }
}

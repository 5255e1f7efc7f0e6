//! `togil.ReadWriteLock`.

use std::time::Duration;

use togil_interp::race::{Touch, access_outside, call_outside};
use togil_interp::vm::builtins::{PyBaseExceptionRef, PyStr, PyType};
use togil_interp::vm::function::{FuncArgs, PyMethodDef};
use togil_interp::vm::object::{MaybeTraverse, Traverse, TraverseFn};
use togil_interp::vm::stdlib::_thread::get_ident;
use togil_interp::vm::types::Constructor;
use togil_interp::vm::{AsObject, Py, PyObject, PyPayload, PyRef, PyResult, VirtualMachine};

use super::arguments::Timeout;
use super::class::{holds_no_objects, method, native_class};
use super::core::rw_lock::{Misuse, Mode, NotAcquired, ReadWriteLock};
use super::wait::{timed_out, within};

/// A lock for many readers or one writer.
#[derive(Debug)]
pub(super) struct PyReadWriteLock(ReadWriteLock);

native_class! {
    PyReadWriteLock, "ReadWriteLock", "()",
    doc: "A lock that many readers hold together, or one writer alone.

First come, first served: a reader that comes while a writer waits goes after it, so neither
writers nor readers starve. A thread that reads may read again; that does not queue up.

What could only end in a deadlock raises RuntimeError at once: to ask for the write lock while
reading (an upgrade) or writing, or to read while writing. So does a release without a hold.
A thread that ends while it holds the lock leaves it locked.",
    methods: METHODS,
    attributes: [
        ("readers", |lock: PyRef<PyReadWriteLock>, vm: &VirtualMachine| -> PyResult<usize> {
            access_outside(vm, &[Touch::reads(lock.as_object())])?;
            Ok(lock.0.readers())
        }, "How many threads hold it for reading at this moment."),
        ("writing", |lock: PyRef<PyReadWriteLock>, vm: &VirtualMachine| -> PyResult<bool> {
            access_outside(vm, &[Touch::reads(lock.as_object())])?;
            Ok(lock.0.is_writing())
        }, "Whether a thread holds it for writing at this moment."),
    ],
    flags: [BASETYPE],
    slots: |slots| {
        slots.new.store(Some(PyReadWriteLock::slot_new));
        slots.repr.store(Some(repr));
    },
}
holds_no_objects!(PyReadWriteLock);

const METHODS: &[PyMethodDef] = &[
    method(
        "read",
        PyReadWriteLock::read,
        "read($self, /, timeout=None)\n--\n\nA context manager that holds the lock for reading.\n\n\
         Entering waits, at most timeout seconds (0: not at all), and then raises TimeoutError.",
    ),
    method(
        "write",
        PyReadWriteLock::write,
        "write($self, /, timeout=None)\n--\n\nA context manager that holds the lock for writing.\n\n\
         Entering waits, at most timeout seconds (0: not at all), and then raises TimeoutError.",
    ),
    method(
        "acquire_read",
        PyReadWriteLock::acquire_read,
        "acquire_read($self, /, timeout=None)\n--\n\nTakes the lock for reading.\n\n\
         Waits, at most timeout seconds (0: not at all). Returns whether it got it.",
    ),
    method(
        "acquire_write",
        PyReadWriteLock::acquire_write,
        "acquire_write($self, /, timeout=None)\n--\n\nTakes the lock for writing.\n\n\
         Waits, at most timeout seconds (0: not at all). Returns whether it got it.",
    ),
    method(
        "release_read",
        PyReadWriteLock::release_read,
        "release_read($self, /)\n--\n\nLets go of the lock once, which this thread holds for reading.",
    ),
    method(
        "release_write",
        PyReadWriteLock::release_write,
        "release_write($self, /)\n--\n\nLets go of the lock, which this thread holds for writing.",
    ),
];

impl PyReadWriteLock {
    fn read(
        zelf: PyRef<Self>,
        timeout: Timeout,
        vm: &VirtualMachine,
    ) -> PyRef<PyReadWriteLockHold> {
        PyReadWriteLockHold { lock: zelf, mode: Mode::Read, timeout: timeout.0 }.into_ref(&vm.ctx)
    }

    fn write(
        zelf: PyRef<Self>,
        timeout: Timeout,
        vm: &VirtualMachine,
    ) -> PyRef<PyReadWriteLockHold> {
        PyReadWriteLockHold { lock: zelf, mode: Mode::Write, timeout: timeout.0 }.into_ref(&vm.ctx)
    }

    fn acquire_read(zelf: &Py<Self>, timeout: Timeout, vm: &VirtualMachine) -> PyResult<bool> {
        Self::acquire(zelf, Mode::Read, timeout.0, vm)
    }

    fn acquire_write(zelf: &Py<Self>, timeout: Timeout, vm: &VirtualMachine) -> PyResult<bool> {
        Self::acquire(zelf, Mode::Write, timeout.0, vm)
    }

    fn release_read(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        Self::release(zelf, Mode::Read, vm)
    }

    fn release_write(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        Self::release(zelf, Mode::Write, vm)
    }

    fn acquire(
        zelf: &Py<Self>,
        mode: Mode,
        timeout: Option<Duration>,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let objects = [zelf.as_object()];
        let wait = within(timeout, &objects, vm)?;
        match zelf.0.acquire(get_ident(), mode, wait) {
            Ok(()) => Ok(true),
            Err(NotAcquired::TimedOut) => Ok(false),
            Err(NotAcquired::Interrupted(error)) => Err(error),
            Err(NotAcquired::Misuse(misuse)) => Err(misused(misuse, mode, vm)),
        }
    }

    fn release(zelf: &Py<Self>, mode: Mode, vm: &VirtualMachine) -> PyResult<()> {
        call_outside(vm, &[Touch::changes(zelf.as_object())])?;
        zelf.0.release(get_ident(), mode).map_err(|misuse| misused(misuse, mode, vm))
    }
}

fn misused(misuse: Misuse, mode: Mode, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let what = match mode {
        Mode::Read => "reading",
        Mode::Write => "writing",
    };
    vm.new_runtime_error(match misuse {
        Misuse::Upgrade => "ReadWriteLock: this thread holds the lock for reading and would wait \
                            for itself; release it before acquiring it for writing"
            .to_owned(),
        Misuse::Reentry => format!(
            "ReadWriteLock: this thread holds the lock for writing and would wait for itself; \
             release it before acquiring it for {what}"
        ),
        Misuse::NotHeld => {
            format!(
                "ReadWriteLock: release without hold: this thread does not hold the lock for {what}"
            )
        }
    })
}

fn repr(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let lock = object.downcast_ref::<PyReadWriteLock>();
    let lock = lock.ok_or_else(|| vm.new_type_error("not a ReadWriteLock"))?;
    call_outside(vm, &[Touch::reads(object)])?;
    let state = match (lock.0.readers(), lock.0.is_writing()) {
        (_, true) => "writing".to_owned(),
        (0, false) => "free".to_owned(),
        (readers, false) => format!("readers={readers}"),
    };
    Ok(vm.ctx.new_str(format!("<{} {state}>", object.class().name())))
}

impl Constructor for PyReadWriteLock {
    type Args = ();

    fn py_new(_: &Py<PyType>, (): Self::Args, _: &VirtualMachine) -> PyResult<Self> {
        Ok(Self(ReadWriteLock::new()))
    }
}

/// What `read()` and `write()` return.
#[derive(Debug)]
pub(super) struct PyReadWriteLockHold {
    lock: PyRef<PyReadWriteLock>,
    mode: Mode,
    timeout: Option<Duration>,
}

native_class! {
    PyReadWriteLockHold, "ReadWriteLockHold", "()",
    doc: "The context manager that ReadWriteLock.read() and ReadWriteLock.write() return.",
    methods: &[
        method(
            "__enter__",
            PyReadWriteLockHold::enter,
            "__enter__($self, /)\n--\n\nTakes the lock, or raises TimeoutError.",
        ),
        method(
            "__exit__",
            PyReadWriteLockHold::exit,
            "__exit__($self, /, *args)\n--\n\nLets go of the lock.",
        ),
    ],
    attributes: [],
    flags: [DISALLOW_INSTANTIATION],
    slots: |_| {},
}

// SAFETY: its one object is shown once, and not cloned.
unsafe impl Traverse for PyReadWriteLockHold {
    fn traverse(&self, look: &mut TraverseFn<'_>) {
        self.lock.traverse(look);
    }
}

/// Nothing is cleared: a cycle goes through the attributes of a subclass of the lock, and can be
/// broken there.
impl MaybeTraverse for PyReadWriteLockHold {
    const HAS_TRAVERSE: bool = true;

    fn try_traverse(&self, look: &mut TraverseFn<'_>) {
        self.traverse(look);
    }
}

impl PyReadWriteLockHold {
    fn enter(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if PyReadWriteLock::acquire(&zelf.lock, zelf.mode, zelf.timeout, vm)? {
            return Ok(());
        }
        Err(timed_out(if zelf.mode == Mode::Read { "read()" } else { "write()" }, vm))
    }

    fn exit(zelf: &Py<Self>, _: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        PyReadWriteLock::release(&zelf.lock, zelf.mode, vm)
    }
}

//! `togil.AtomicInt`.

use togil_interp::race::{Touch, call_outside};
use togil_interp::vm::builtins::{PyStr, PyType};
use togil_interp::vm::function::{OptionalArg, PyMethodDef};
use togil_interp::vm::protocol::PyNumberMethods;
use togil_interp::vm::types::Constructor;
use togil_interp::vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::arguments::int64;
use super::class::{holds_no_objects, method, native_class};
use super::core::atomic::Counter;

/// A 64-bit integer that threads count on.
#[derive(Debug)]
pub(super) struct PyAtomicInt(Counter);

native_class! {
    PyAtomicInt, "AtomicInt", "(value=0, /)",
    doc: "An integer that threads can count on. Lock-free.

Holds values from -2**63 to 2**63 - 1. What would leave that range raises OverflowError and
changes nothing: it never wraps around.

Every method is atomic by itself; two calls in a row are not. So count with add(), not with
set(get() + 1). Compares by identity: compare get().",
    methods: METHODS,
    attributes: [],
    flags: [BASETYPE],
    slots: |slots| {
        slots.new.store(Some(PyAtomicInt::slot_new));
        slots.repr.store(Some(repr));
        slots.as_number.copy_from(&NUMBER);
    },
}
holds_no_objects!(PyAtomicInt);

const METHODS: &[PyMethodDef] = &[
    method("get", PyAtomicInt::get, "get($self, /)\n--\n\nThe value."),
    method("set", PyAtomicInt::set, "set($self, value, /)\n--\n\nReplaces the value."),
    method(
        "swap",
        PyAtomicInt::swap,
        "swap($self, value, /)\n--\n\nReplaces the value and returns the one before.",
    ),
    method(
        "add",
        PyAtomicInt::add,
        "add($self, amount=1, /)\n--\n\nAdds and returns the sum.\n\n\
         Raises OverflowError, and adds nothing, if the sum does not fit in 64 bits.",
    ),
    method(
        "sub",
        PyAtomicInt::sub,
        "sub($self, amount=1, /)\n--\n\nSubtracts and returns the difference.\n\n\
         Raises OverflowError, and subtracts nothing, if that does not fit in 64 bits.",
    ),
    method(
        "compare_and_swap",
        PyAtomicInt::compare_and_swap,
        "compare_and_swap($self, expected, new, /)\n--\n\n\
         Replaces the value by new if it is expected. Returns whether it was.",
    ),
];

const NUMBER: PyNumberMethods = PyNumberMethods {
    boolean: Some(|number, vm| Ok(value(number.obj, vm)? != 0)),
    int: Some(|number, vm| Ok(vm.ctx.new_int(value(number.obj, vm)?).into())),
    index: Some(|number, vm| Ok(vm.ctx.new_int(value(number.obj, vm)?).into())),
    ..PyNumberMethods::NOT_IMPLEMENTED
};

fn this<'a>(object: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyAtomicInt>> {
    object.downcast_ref().ok_or_else(|| vm.new_type_error("not an AtomicInt"))
}

fn value(object: &PyObject, vm: &VirtualMachine) -> PyResult<i64> {
    PyAtomicInt::get(this(object, vm)?, vm)
}

fn repr(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let text = format!("{}({})", object.class().name(), value(object, vm)?);
    Ok(vm.ctx.new_str(text))
}

impl PyAtomicInt {
    fn get(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<i64> {
        call_outside(vm, &[Touch::reads(zelf.as_object())])?;
        Ok(zelf.0.get())
    }

    fn set(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        Self::swap(zelf, value, vm).map(drop)
    }

    fn swap(zelf: &Py<Self>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<i64> {
        let value = int64(&value, vm)?;
        call_outside(vm, &[Touch::changes(zelf.as_object())])?;
        Ok(zelf.0.swap(value))
    }

    fn add(zelf: &Py<Self>, amount: OptionalArg, vm: &VirtualMachine) -> PyResult<i64> {
        Self::change(zelf, Some(amount_of(amount, vm)?), vm)
    }

    fn sub(zelf: &Py<Self>, amount: OptionalArg, vm: &VirtualMachine) -> PyResult<i64> {
        Self::change(zelf, amount_of(amount, vm)?.checked_neg(), vm)
    }

    fn compare_and_swap(
        zelf: &Py<Self>,
        expected: PyObjectRef,
        new: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let (expected, new) = (int64(&expected, vm)?, int64(&new, vm)?);
        call_outside(vm, &[Touch::changes(zelf.as_object())])?;
        Ok(zelf.0.compare_and_swap(expected, new).is_ok())
    }

    /// Adds; `None` is an amount that has no negative.
    fn change(zelf: &Py<Self>, amount: Option<i64>, vm: &VirtualMachine) -> PyResult<i64> {
        call_outside(vm, &[Touch::changes(zelf.as_object())])?;
        amount.and_then(|amount| zelf.0.add(amount).ok()).ok_or_else(|| {
            vm.new_overflow_error("AtomicInt: the result does not fit in 64 bits; nothing changed")
        })
    }
}

fn amount_of(amount: OptionalArg, vm: &VirtualMachine) -> PyResult<i64> {
    amount.into_option().map_or(Ok(1), |amount| int64(&amount, vm))
}

impl Constructor for PyAtomicInt {
    type Args = (OptionalArg,);

    fn py_new(_: &Py<PyType>, (value,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
        let value = value.into_option().map_or(Ok(0), |value| int64(&value, vm))?;
        Ok(Self(Counter::new(value)))
    }
}

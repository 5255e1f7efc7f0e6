//! The methods of `SharedDict`.

use togil_interp::vm::builtins::{PyDict, PyList};
use togil_interp::vm::function::{OptionalArg, PyMethodDef};
use togil_interp::vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::PySharedDict;
use super::caller::{Thread, failed};
use crate::shared::class::method;

pub(super) const METHODS: &[PyMethodDef] = &[
    method(
        "get",
        PySharedDict::get,
        "get($self, key, default=None, /)\n--\n\nThe value of key, or default. Never waits.",
    ),
    method(
        "pop",
        PySharedDict::pop,
        "pop($self, key, default=<unrepresentable>, /)\n--\n\nTakes key out and returns its value.\n\n\
         Returns default, or raises KeyError without one, if it is not there.",
    ),
    method(
        "setdefault",
        PySharedDict::setdefault,
        "setdefault($self, key, default=None, /)\n--\n\n\
         The value of key, after giving it default if it has none.",
    ),
    method(
        "update_with",
        PySharedDict::update_with,
        "update_with($self, key, function, default=None, /)\n--\n\n\
         Replaces the value of key by function(value), and returns that.\n\n\
         Gives the function default if key has no value. Atomic: nobody writes key meanwhile. The\n\
         function runs once, with no lock held, and must not write to this dict. If it raises,\n\
         everything is as it was.",
    ),
    method(
        "increment",
        PySharedDict::increment,
        "increment($self, key, by=1, /)\n--\n\n\
         Adds to the value of key, or to 0 if it has none, and returns the sum.\n\n\
         For whatever can be added: by may be negative, a float, a string.",
    ),
    method(
        "compare_and_swap",
        PySharedDict::compare_and_swap,
        "compare_and_swap($self, key, expected, new, /)\n--\n\n\
         Replaces the value of key by new if it is or equals expected. Returns whether it did.\n\n\
         A key that is not there equals nothing: setdefault is for that.",
    ),
    method("keys", PySharedDict::keys, "keys($self, /)\n--\n\nA list of the keys at one moment."),
    method(
        "values",
        PySharedDict::values,
        "values($self, /)\n--\n\nA list of the values at one moment.",
    ),
    method(
        "items",
        PySharedDict::items,
        "items($self, /)\n--\n\nA list of the pairs of key and value at one moment.",
    ),
    method(
        "copy",
        PySharedDict::copy,
        "copy($self, /)\n--\n\nA dict with what is in it at one moment.",
    ),
    method(
        "clear",
        PySharedDict::clear_all,
        "clear($self, /)\n--\n\nTakes everything out. Waits for updates that are on their way.",
    ),
];

impl PySharedDict {
    fn get(
        zelf: &Py<Self>,
        key: PyObjectRef,
        default: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        let found = Self::look_up(zelf, &key, vm)?;
        Ok(found.unwrap_or_else(|| default.unwrap_or_none(vm)))
    }

    fn pop(
        zelf: &Py<Self>,
        key: PyObjectRef,
        default: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        match (Self::take(zelf, &key, vm)?, default) {
            (Some(value), _) | (None, OptionalArg::Present(value)) => Ok(value),
            (None, OptionalArg::Missing) => Err(vm.new_key_error(key)),
        }
    }

    fn setdefault(
        zelf: &Py<Self>,
        key: PyObjectRef,
        default: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        let default = default.unwrap_or_none(vm);
        let thread = Thread::on(zelf.as_object(), vm);
        let value = zelf.core.set_default(&thread, &thread.stores(&key)?, &default);
        value.map_err(|failure| failed(failure, vm))
    }

    fn update_with(
        zelf: &Py<Self>,
        key: PyObjectRef,
        function: PyObjectRef,
        default: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        Self::update(zelf, &key, vm, |value| {
            let value = value.unwrap_or_else(|| default.unwrap_or_none(vm));
            function.call((value,), vm)
        })
    }

    fn increment(
        zelf: &Py<Self>,
        key: PyObjectRef,
        by: OptionalArg,
        vm: &VirtualMachine,
    ) -> PyResult {
        let by = by.into_option().unwrap_or_else(|| vm.ctx.new_int(1).into());
        Self::update(zelf, &key, vm, |value| {
            let value = value.unwrap_or_else(|| vm.ctx.new_int(0).into());
            vm._add(&value, &by)
        })
    }

    fn update(
        zelf: &Py<Self>,
        key: &PyObjectRef,
        vm: &VirtualMachine,
        function: impl FnOnce(Option<PyObjectRef>) -> PyResult,
    ) -> PyResult {
        let thread = Thread::on(zelf.as_object(), vm);
        let claim = zelf.core.claim(&thread, &thread.stores(key)?);
        let claim = claim.map_err(|failure| failed(failure, vm))?;
        let new = function(claim.value().cloned());
        // From here on others see the new value, and who waits for the key may go on.
        thread.changes()?;
        match &new {
            Ok(new) => claim.commit(new.clone()),
            Err(_) => drop(claim),
        }
        new
    }

    fn compare_and_swap(
        zelf: &Py<Self>,
        key: PyObjectRef,
        expected: PyObjectRef,
        new: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let thread = Thread::on(zelf.as_object(), vm);
        let claim = zelf.core.claim(&thread, &thread.stores(&key)?);
        let claim = claim.map_err(|failure| failed(failure, vm))?;
        let is_expected = match claim.value() {
            Some(value) => vm.identical_or_equal(value, &expected),
            None => Ok(false),
        };
        thread.changes()?;
        match is_expected {
            Ok(true) => claim.commit(new),
            _ => drop(claim),
        }
        is_expected
    }

    pub(super) fn keys(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyList>> {
        Thread::on(zelf.as_object(), vm).reads()?;
        Ok(vm.ctx.new_list(zelf.core.items().into_iter().map(|(key, _)| key).collect()))
    }

    fn values(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyList>> {
        Thread::on(zelf.as_object(), vm).reads()?;
        Ok(vm.ctx.new_list(zelf.core.items().into_iter().map(|(_, value)| value).collect()))
    }

    fn items(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyList>> {
        Thread::on(zelf.as_object(), vm).reads()?;
        let items = zelf.core.items().into_iter();
        let pairs = items.map(|(key, value)| vm.ctx.new_tuple(vec![key, value]).into());
        Ok(vm.ctx.new_list(pairs.collect()))
    }

    fn copy(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyDict>> {
        Self::to_dict(zelf, vm)
    }

    fn clear_all(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let thread = Thread::on(zelf.as_object(), vm);
        thread.changes()?;
        let cleared = zelf.core.clear(&thread);
        cleared.map(drop).map_err(|failure| failed(failure, vm))
    }
}

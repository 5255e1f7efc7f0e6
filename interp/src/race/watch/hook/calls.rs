//! Iterators and calls.

use rustpython_vm::builtins::{PyDict, PyGenerator, PyStr, PyType};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use super::{ALL, Look, SHAPE, by_contract, is_list, is_thread_local};
use crate::race::accesses::{self, Callee, field};
use crate::race::site::SiteKind;
use crate::race::sites;
use crate::race::table::Effect;
use crate::race::watch::variable::Mode;

impl Look<'_> {
    pub(super) fn get_iterator(&mut self, object: &PyObject) {
        let is_view = matches!(&*object.class().name(), "dict_keys" | "dict_values" | "dict_items");
        let viewed = self.me.viewed.take();
        let iterated = if is_view { viewed } else { Some(object.to_owned()) };
        if let Some(iterated) = &iterated {
            self.step(iterated);
        }
        self.me.iterated = iterated;
    }

    pub(super) fn got_iterator(&mut self, iterator: &PyObject) {
        let address = iterator.get_id();
        self.me.iterators.retain(|(other, _)| *other != address);
        if let Some(iterated) = self.me.iterated.take()
            && (self.is_container(&iterated) || iterated.is(iterator))
        {
            // Loops that are inside each other, and some that have ended.
            const MOST: usize = 32;
            if self.me.iterators.len() == MOST {
                self.me.iterators.remove(0);
            }
            self.me.iterators.push((address, iterated));
        }
    }

    pub(super) fn next(&mut self, iterator: &PyObject) {
        let address = iterator.get_id();
        let of = self.me.iterators.iter().rfind(|(other, _)| *other == address);
        let Some(of) = of.map(|(_, of)| of.clone()) else { return };
        if !of.is(iterator) {
            self.step(&of);
        } else if iterator.downcast_ref::<PyGenerator>().is_some() {
            self.touch(iterator, SHAPE, Mode::Write);
        }
    }

    pub(super) fn call(&mut self, callable: &PyObject, arguments: &[PyObjectRef]) {
        let callee = accesses::callee(self.vm, callable, arguments.len()).callee;
        let (first, second) = (arguments.first(), arguments.get(1));
        match (callee, first) {
            (Callee::Method(effect), first) => {
                if let Some(object) = accesses::bound_to(callable, self.vm) {
                    self.method(callable, &object, effect, first);
                }
            }
            (Callee::Unbound(effect), Some(object)) => {
                self.method(callable, object, effect, second);
            }
            (Callee::Function(Some(Effect::Write)), Some(object)) => {
                self.shape(object, by_contract(Mode::AtomicWrite));
            }
            (Callee::Function(Some(_)), Some(object)) => {
                // `if len(xs)` is the test `if xs`, spelled out.
                let is_test = matches!(self.site.known.site.kind, SiteKind::TestedCall);
                let name = callable.get_attr("__name__", self.vm).ok();
                let name = name.as_ref().and_then(|name| name.downcast_ref::<PyStr>());
                if name.is_some_and(|name| name.as_bytes() == b"len") {
                    let mode = if is_test { Mode::Read } else { by_contract(Mode::AtomicRead) };
                    self.shape(object, mode);
                } else {
                    self.whole(object, by_contract(Mode::AtomicRead));
                }
            }
            (Callee::Attribute { write }, Some(object)) => {
                if let Some(name) = second.and_then(|name| name.downcast_ref::<PyStr>())
                    && let Some(name) = name.to_str()
                {
                    self.by_name(object, name, if write { Mode::Write } else { Mode::Read });
                }
            }
            _ => {}
        }
    }

    /// `setattr(object, name, value)` and its like.
    pub(super) fn by_name(&mut self, object: &PyObject, name: &str, mode: Mode) {
        let field = field(name);
        if mode == Mode::Write {
            if sites::store(field) {
                crate::race::watch::sites::count_round();
            }
        } else if !sites::is_stored(field) {
            return;
        }
        let is_heap = object.class().slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
        let is_class = object.downcast_ref::<PyType>().is_some();
        if (is_heap || is_class) && !is_thread_local(object) {
            self.touch(object, field, mode);
        }
    }

    pub(super) fn method(
        &mut self,
        callable: &PyObject,
        object: &PyObject,
        effect: Effect,
        key: Option<&PyObjectRef>,
    ) {
        let name = callable.get_attr("__name__", self.vm).ok();
        let name = name.as_ref().and_then(|name| name.downcast_ref::<PyStr>());
        let name = name.and_then(|name| name.to_str()).unwrap_or_default();
        let (reads, writes) = (by_contract(Mode::AtomicRead), by_contract(Mode::AtomicWrite));
        if matches!(name, "items" | "keys" | "values") && object.downcast_ref::<PyDict>().is_some()
        {
            // A view looks when it is iterated over.
            self.me.viewed = Some(object.to_owned());
            return;
        }
        let has_items = !is_list(object);
        let part = key.filter(|_| has_items).and_then(|key| self.part(object, key));
        let by_key = matches!(
            name,
            "get"
                | "setdefault"
                | "pop"
                | "add"
                | "discard"
                | "remove"
                | "__getitem__"
                | "__setitem__"
                | "__contains__"
                | "__delitem__"
        );
        match (effect, part, key) {
            (_, Some(part), Some(key)) if by_key => {
                let changes = matches!(effect, Effect::Write | Effect::WriteItem);
                self.touch_item(object, key, part, if changes { writes } else { reads });
                self.touch(object, ALL, reads);
                if changes {
                    // Two of them never meet here, however strict: their keys do.
                    self.touch(object, SHAPE, Mode::AtomicWrite);
                }
            }
            (Effect::ReadItem | Effect::Read, ..) => self.whole(object, reads),
            (Effect::Write | Effect::WriteItem, ..) => {
                let at_the_end = matches!(name, "append" | "extend" | "appendleft" | "extendleft");
                if at_the_end || !is_list(object) && matches!(name, "popleft" | "pop") {
                    self.touch(object, SHAPE, writes);
                } else {
                    self.change(object, writes);
                }
                // `xs.extend(ys)` looks at the other one.
                if let Some(other) = key.filter(|_| matches!(name, "extend" | "update")) {
                    self.whole(other, reads);
                }
            }
        }
    }
}

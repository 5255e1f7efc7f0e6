//! What a watched thread is about to touch: sites and their operands made into accesses.
//!
//! Attributes, variables, items by subscript, `in`, iteration, truth, slices and unpacking are plain. Methods and
//! functions of built-in containers are atomic by contract. A container has several parts beside its items, so that
//! only what depends on each other meets:
//!
//! - [`SHAPE`], its length and order: changed atomically by a new key, `append`, `pop`; read by iterations.
//! - [`VALUES`], all items' values: stores by subscript stand as reads and looks at all of them as atomic
//!   writes, so that stores do not meet each other, nor looks each other, but both do.
//! - [`ALL`], which item is where: changed by `clear` and `sort`, read by whoever has an item.

mod calls;

use rustpython_vm::builtins::{
    PyByteArray, PyDict, PyInt, PyList, PyMemberDescriptor, PyModule, PySet, PyType,
};
use rustpython_vm::function::{Callee as Called, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::detector::detector;
use super::me::{self, Me};
use super::sites::Watched;
use super::variable::Mode;
use crate::race::SiteId;
use crate::race::accesses::{self};
use crate::race::site::SiteKind;
use crate::switch_point::with_current_frame;

/// The length and the order of a container; a variable in a cell.
const SHAPE: u64 = 1;
const VALUES: u64 = 2;
const ALL: u64 = 3;

/// Called with a site's number, and what the site gives.
pub(super) static HOOK: PyMethodDef =
    PyMethodDef::new_raw_const("watch", hook, PyMethodFlags::empty(), ItemDoc::NONE);

fn hook(vm: &VirtualMachine, args: FuncArgs, _: Called) -> PyResult {
    let [site, operands @ ..] = args.args.as_slice() else { return Ok(vm.ctx.none()) };
    let number = site.downcast_ref::<PyInt>().map_or(0, |site| site.as_u32_mask());
    me::with(|me| {
        if let Some(site) = me.sites.get(SiteId(number), vm) {
            Look { me, vm, site, number }.look(operands);
        }
    });
    Ok(vm.ctx.none())
}

struct Look<'a> {
    me: &'a mut Me,
    vm: &'a VirtualMachine,
    site: &'static Watched,
    number: u32,
}

/// A mode that is atomic by contract.
fn by_contract(mode: Mode) -> Mode {
    match mode {
        Mode::AtomicRead if detector().is_strict() => Mode::Read,
        Mode::AtomicWrite if detector().is_strict() => Mode::Write,
        mode => mode,
    }
}

fn is_list(object: &PyObject) -> bool {
    object.downcast_ref::<PyList>().is_some() || object.downcast_ref::<PyByteArray>().is_some()
}

impl Look<'_> {
    fn look(&mut self, operands: &[PyObjectRef]) {
        match (&self.site.known.site.kind, operands) {
            (SiteKind::LoadAttr(_), [object, ..]) if self.site.is_stored() => {
                self.attribute(object, Mode::Read);
            }
            (SiteKind::StoreAttr(_) | SiteKind::DeleteAttr(_), [object, ..]) => {
                self.attribute(object, Mode::Write);
            }
            (SiteKind::LoadItem, [object, key, ..]) => self.item(object, key, Mode::Read),
            (SiteKind::StoreItem, [object, key, ..]) => self.item(object, key, Mode::Write),
            (SiteKind::DeleteItem, [object, key, ..]) => self.delete(object, key),
            (SiteKind::Contains, [object, key, ..]) => self.contains(object, key),
            (SiteKind::StoreSlice, [object, ..]) => self.store_slice(object),
            (SiteKind::LoadSlice | SiteKind::Read, [object, ..]) => self.whole(object, Mode::Read),
            (SiteKind::Truth, [object, ..]) => self.shape(object, Mode::Read),
            (SiteKind::GetIter, [object, ..]) => self.get_iterator(object),
            (SiteKind::GotIter, [iterator, ..]) => self.got_iterator(iterator),
            (SiteKind::ForIter, [iterator, ..]) => self.next(iterator),
            (SiteKind::Operator { inplace }, [left, right, ..]) => {
                if *inplace && self.is_container(left) {
                    self.change(left, by_contract(Mode::AtomicWrite));
                } else {
                    self.whole(left, Mode::Read);
                }
                self.whole(right, Mode::Read);
            }
            (SiteKind::LoadGlobal(_), _) => self.global(Mode::Read),
            (SiteKind::StoreGlobal(_) | SiteKind::DeleteGlobal(_), _) => self.global(Mode::Write),
            (SiteKind::LoadCell(_), [cell, ..]) => self.touch(cell, SHAPE, Mode::Read),
            (SiteKind::StoreCell(_) | SiteKind::DeleteCell(_), [cell, ..]) => {
                self.touch(cell, SHAPE, Mode::Write);
            }
            (SiteKind::Call | SiteKind::TestedCall, [callable, arguments @ ..]) => {
                self.call(callable, arguments);
            }
            _ => {}
        }
    }

    fn touch(&mut self, object: &PyObject, part: u64, mode: Mode) {
        self.me.touch(self.vm, self.site, object, (part, mode), (self.number, None));
    }

    fn touch_item(&mut self, object: &PyObject, key: &PyObject, part: u64, mode: Mode) {
        self.me.touch(self.vm, self.site, object, (part, mode), (self.number, Some(key)));
    }

    fn global(&mut self, mode: Mode) {
        let field = self.site.known.field;
        let globals = with_current_frame(|frame| frame.globals().to_owned());
        if let Some(globals) = globals {
            self.touch(globals.as_object(), field, mode);
        }
    }

    fn attribute(&mut self, object: &PyObject, mode: Mode) {
        let field = self.site.known.field;
        if self.me.is_remembered(object, field, mode) {
            return;
        }
        if object.downcast_ref::<PyModule>().is_some() {
            if let Some(dict) = object.dict() {
                self.touch(dict.as_object(), field, mode);
            }
            return;
        }
        let Some(name) = self.site.name else { return };
        let class = object.class();
        if object.downcast_ref::<PyType>().is_some() {
            return self.class_attribute(object, mode);
        }
        let is_heap = class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
        let is_function = object.downcast_ref::<rustpython_vm::builtins::PyFunction>().is_some();
        if (!is_heap && !is_function) || is_thread_local(object) {
            return;
        }
        let in_class = class.get_attr(name);
        if let Some(found) = &in_class {
            // Code of a property's looks after itself. A slot is an attribute like others.
            let is_slot = found.downcast_ref::<PyMemberDescriptor>().is_some();
            let is_descriptor = found.class().slots.descr_set.load().is_some();
            if is_descriptor && !is_slot {
                return;
            }
        }
        if mode == Mode::Write
            && class.get_attr(self.vm.ctx.intern_str("__setattr__")).is_some_and(|set| {
                set.downcast_ref::<rustpython_vm::builtins::PyFunction>().is_some()
            })
        {
            return;
        }
        let own = mode == Mode::Write
            || in_class.is_none()
            || object.dict().is_some_and(|dict| dict.contains_key(name, self.vm));
        self.touch(object, field, mode);
        if !own {
            self.class_attribute(class.as_object(), Mode::Read);
        }
    }

    /// An attribute of a class, or of the one among its bases that has it.
    fn class_attribute(&mut self, class: &PyObject, mode: Mode) {
        let field = self.site.known.field;
        self.touch(class, field, mode);
        let (Some(name), Some(class), Mode::Read) =
            (self.site.name, class.downcast_ref::<PyType>(), mode)
        else {
            return;
        };
        let bases = class.mro_collect();
        let found = bases.iter().find(|base| base.attributes.contains(name));
        if let Some(base) = found
            && !base.is(class)
            && base.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
        {
            self.touch(base.as_object(), field, mode);
        }
    }

    /// A built-in container, or one derived from it that leaves items to it.
    fn is_container(&self, object: &PyObject) -> bool {
        let class = object.class();
        if !accesses::is_container(object) {
            return false;
        }
        let overrides = |name| {
            let found = class.get_attr(self.vm.ctx.intern_str(name));
            found.is_some_and(|found| {
                found.downcast_ref::<rustpython_vm::builtins::PyFunction>().is_some()
            })
        };
        !class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
            || !(overrides("__getitem__") || overrides("__setitem__"))
    }

    /// The number of an item; `None` if it has none by itself.
    fn part(&self, object: &PyObject, key: &PyObject) -> Option<u64> {
        let number = if is_list(object) {
            let index: i64 = key.downcast_ref::<PyInt>()?.try_to_primitive(self.vm).ok()?;
            let length = match object.downcast_ref::<PyList>() {
                Some(list) => list.borrow_vec().len() as i64,
                None => object.length(self.vm).ok()? as i64,
            };
            if index < 0 { index + length } else { index }
        } else if object.downcast_ref::<PyDict>().is_some()
            || object.downcast_ref::<PySet>().is_some()
        {
            // May call a `__hash__`, which is not looked at.
            key.hash(self.vm).ok()?
        } else {
            return None;
        };
        Some((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (1 << 40))
    }

    fn item(&mut self, object: &PyObject, key: &PyObject, mode: Mode) {
        if !self.is_container(object) {
            return;
        }
        let Some(part) = self.part(object, key) else {
            // A slice, or an item of a deque.
            return match mode {
                Mode::Write => self.store_slice(object),
                _ => self.whole(object, Mode::Read),
            };
        };
        if self.me.is_remembered(object, part, mode) {
            return;
        }
        let writes = mode == Mode::Write;
        // Looked up before: afterwards it is there.
        let is_new = writes
            && object.downcast_ref::<PyDict>().is_some_and(|dict| !dict.contains_key(key, self.vm));
        self.touch_item(object, key, part, mode);
        self.touch(object, ALL, Mode::Read);
        if is_new {
            self.touch(object, SHAPE, Mode::AtomicWrite);
        }
        if writes {
            self.touch(object, VALUES, Mode::Read);
        }
    }

    fn delete(&mut self, object: &PyObject, key: &PyObject) {
        if !self.is_container(object) {
            return;
        }
        if is_list(object) {
            return self.store_slice(object);
        }
        match self.part(object, key) {
            Some(part) => {
                self.touch_item(object, key, part, Mode::Write);
                self.touch(object, SHAPE, Mode::AtomicWrite);
            }
            None => self.store_slice(object),
        }
    }

    fn contains(&mut self, object: &PyObject, key: &PyObject) {
        if !self.is_container(object) {
            return;
        }
        match self.part(object, key) {
            Some(part) if !is_list(object) => {
                self.touch_item(object, key, part, Mode::Read);
                self.touch(object, ALL, Mode::Read);
            }
            _ => self.whole(object, Mode::Read),
        }
    }

    fn store_slice(&mut self, object: &PyObject) {
        if self.is_container(object) {
            self.change(object, Mode::Write);
        }
    }

    /// Changes which item is where.
    fn change(&mut self, object: &PyObject, mode: Mode) {
        self.touch(object, SHAPE, mode);
        self.touch(object, ALL, mode);
    }

    fn shape(&mut self, object: &PyObject, mode: Mode) {
        if self.is_container(object) {
            self.touch(object, SHAPE, mode);
        }
    }

    /// Looks at all items.
    fn whole(&mut self, object: &PyObject, mode: Mode) {
        if self.is_container(object) {
            self.touch(object, SHAPE, mode);
            self.touch(object, VALUES, Mode::AtomicWrite);
        }
    }

    /// A step of an iteration. Over a dict it sees the keys, and those have no values of their own.
    fn step(&mut self, object: &PyObject) {
        if object.downcast_ref::<PyDict>().is_some() {
            self.shape(object, Mode::Read);
        } else {
            self.whole(object, Mode::Read);
        }
    }
}

fn is_thread_local(object: &PyObject) -> bool {
    object.class().mro_collect().iter().any(|class| *class.name() == *"_local")
}

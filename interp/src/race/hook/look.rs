//! What a thread is about to do at a site.

use rustpython_vm::builtins::{PyGenerator, PyWeak};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

use super::{Iterated, Me};
use crate::race::accesses::{self, Callee, Touched};
use crate::race::site::SiteKind;
use crate::race::sites::{self, Known};
use crate::race::table::{Back, Effect};
use crate::race::{Access, Part, SiteId, deaths};
use crate::switch_point::with_current_frame;

impl Me {
    pub(super) fn look(
        &mut self,
        vm: &VirtualMachine,
        id: SiteId,
        site: &Known,
        operands: &[PyObjectRef],
    ) -> (Vec<Access>, bool) {
        let mut state = self.execution.state.lock();
        let state = &mut *state;
        let is_gil = state.is_gil();
        match site.site.kind {
            SiteKind::Entry => {
                state.pass_switch_point(self.id);
                if let Some(calls) = state.calls_in_loop(self.id) {
                    with_current_frame(|frame| calls.enter(frame.code().as_object()));
                }
            }
            SiteKind::Call => {
                if let (Some(calls), Some(called)) =
                    (state.calls_in_loop(self.id), operands.first())
                {
                    calls.call(called, vm);
                }
            }
            SiteKind::BackEdge { pure } => {
                state.pass_switch_point(self.id);
                state.end_turn_of_loop(self.id, id, pure);
            }
            SiteKind::GetIter => self.iterated = operands.first().cloned(),
            SiteKind::GotIter => {
                if let (Some(iterated), Some(iterator)) = (self.iterated.take(), operands.first()) {
                    let address = iterator.get_id();
                    // Of one that has died at this address.
                    self.iterators.retain(|(other, _)| *other != address);
                    let is_itself = iterated.is(iterator);
                    if accesses::is_container(&iterated) {
                        let number = state.objects.number(&iterated);
                        self.iterators.push((address, Iterated::Container(number)));
                    } else if is_itself && !accesses::is_of_a_python_class(iterator) {
                        // What `__next__` of a class does is looked at itself.
                        self.iterators.push((address, Iterated::Itself));
                    }
                }
                return (Vec::new(), false);
            }
            SiteKind::Leave => {
                self.given_up.clear();
                if self.calls.is_empty() {
                    return (Vec::new(), false);
                }
                let accesses = with_current_frame(|frame| self.calls.leave(frame));
                return (accesses.unwrap_or_default(), false);
            }
            _ => {}
        }
        if !self.calls.is_empty() {
            with_current_frame(|frame| self.calls.goes_on(frame));
        }
        if !deaths::weak_containers(vm, &site.site.kind, operands).is_empty() {
            state.pass_switch_point(self.id);
        }
        let mut touched = Touched { objects: &mut state.objects, accesses: Vec::new(), vm };
        let mut switches_after = false;
        // Of operators and the like: if Python code compares, or gives a hash.
        let mut back = Back::Each;
        match (&site.site.kind, operands) {
            (SiteKind::LoadAttr(name), [object, ..]) if name == "__dict__" => {
                touched.dict_of(object);
                if sites::store_any() {
                    state.watch.sharing.grow();
                }
            }
            (SiteKind::LoadAttr(name), [object, ..]) if sites::is_stored(site.field) => {
                touched.attribute(object, name, site.field, false);
            }
            (SiteKind::StoreAttr(name) | SiteKind::DeleteAttr(name), [object, ..]) => {
                touched.attribute(object, name, site.field, true);
            }
            (SiteKind::LoadItem, [object, key, ..]) => {
                touched.item(object, Some(key), Effect::ReadItem);
            }
            (SiteKind::StoreItem, [object, key, ..]) => {
                touched.item(object, Some(key), Effect::WriteItem);
            }
            (SiteKind::Contains, [object, key, ..]) => {
                touched.item(object, Some(key), Effect::ReadItem);
            }
            (SiteKind::DeleteItem | SiteKind::StoreSlice, [object, ..]) => {
                touched.item(object, None, Effect::Write);
            }
            (
                SiteKind::LoadSlice | SiteKind::GetIter | SiteKind::Read | SiteKind::Truth,
                [object, ..],
            ) => touched.item(object, None, Effect::Read),
            (SiteKind::Operator { inplace }, [left, right, ..]) => {
                touched.item(left, None, if *inplace { Effect::Write } else { Effect::Read });
                touched.item(right, None, Effect::Read);
            }
            (SiteKind::LoadGlobal(_), _) => {
                with_current_frame(|frame| touched.global(frame.globals(), site.field, false));
            }
            (SiteKind::StoreGlobal(_) | SiteKind::DeleteGlobal(_), _) => {
                with_current_frame(|frame| touched.global(frame.globals(), site.field, true));
            }
            (SiteKind::LoadCell(_), [cell, ..]) => {
                touched.touch(cell, Part::Whole, false);
            }
            (SiteKind::StoreCell(_) | SiteKind::DeleteCell(_), [cell, ..]) => {
                touched.touch(cell, Part::Whole, true);
            }
            (SiteKind::ForIter, [iterator, ..]) => {
                let address = iterator.get_id();
                let made = self.iterators.iter().find(|(other, _)| *other == address);
                match made {
                    // A generator, or an iterator that was given as one: others may have it, too.
                    Some((_, Iterated::Itself)) => touched.touch(iterator, Part::Whole, true),
                    Some((_, Iterated::Container(object))) => {
                        let (object, part) = (*object, Part::Whole);
                        touched.accesses.push(Access { object, part, write: false });
                        back = Back::Never;
                    }
                    None => {}
                }
            }
            (SiteKind::Call, [callable, arguments @ ..]) => {
                if let Some(weak) = callable.downcast_ref::<PyWeak>() {
                    let sharing = &state.watch.sharing;
                    touched.referent(weak, sharing);
                }
                let known = accesses::callee(vm, callable, arguments.len());
                back = known.back;
                // Our primitives say themselves where they are done.
                let is_ours = is_gil && accesses::is_ours(callable, vm);
                switches_after = !known.is_unchecked && !is_ours;
                let first = arguments.first();
                match (known.callee, first) {
                    (Callee::Method(effect), _) => {
                        if let Some(object) = accesses::bound_to(callable, vm) {
                            touched.item(&object, first.map(|first| &**first), effect);
                            touched.generator(&object);
                        }
                    }
                    // What `__next__` of a class does is looked at itself.
                    (Callee::Function(Some(Effect::Write)), Some(first))
                        if accesses::is_container(first)
                            || !accesses::is_of_a_python_class(first) =>
                    {
                        touched.touch(first, Part::Whole, true);
                    }
                    (Callee::Function(Some(_)), Some(first)) => {
                        touched.whole(first, false);
                        // Such a call makes a generator go on. One that nobody else has is only
                        // read: a loop that makes one in each turn changes nothing by it.
                        let last = touched.accesses.last_mut().filter(|_| is_generator(first));
                        if let Some(access) = last {
                            access.write = state.watch.is_of_another(access.object, self.id);
                        }
                    }
                    (Callee::Unbound(effect), Some(first)) => {
                        touched.whole(first, effect == Effect::Write);
                    }
                    (Callee::Attribute { write }, Some(first)) => {
                        touched.touch(first, Part::Whole, write);
                        if write && sites::store_any() {
                            state.watch.sharing.grow();
                        }
                    }
                    _ => {}
                }
            }
            _ => back = Back::Never,
        }
        self.given_up.clear();
        if deaths::can_be_told() {
            let sharing = &state.watch.sharing;
            self.given_up = touched.given_up(&site.site.kind, operands, sharing);
        }
        let accesses = touched.accesses;
        // What is found by a plain key runs no Python code.
        let whole = |access: &Access| access.part == Part::Whole;
        if back != Back::Never && accesses.iter().any(whole) && !is_variable(&site.site.kind) {
            with_current_frame(|frame| self.calls.begin(frame, &accesses, back));
        }
        (accesses, switches_after)
    }
}

fn is_generator(object: &PyObject) -> bool {
    object.downcast_ref::<PyGenerator>().is_some()
}

/// Whether it is a place for one value, which nothing in Python has a part in.
fn is_variable(kind: &SiteKind) -> bool {
    matches!(
        kind,
        SiteKind::LoadAttr(_)
            | SiteKind::StoreAttr(_)
            | SiteKind::DeleteAttr(_)
            | SiteKind::LoadGlobal(_)
            | SiteKind::StoreGlobal(_)
            | SiteKind::DeleteGlobal(_)
            | SiteKind::LoadCell(_)
            | SiteKind::StoreCell(_)
            | SiteKind::DeleteCell(_)
            | SiteKind::Truth
            | SiteKind::GetIter
    )
}

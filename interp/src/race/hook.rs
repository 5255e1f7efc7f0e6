//! What instrumented code calls before it does something that other threads may see.

use std::cell::RefCell;
use std::sync::Arc;

use rustpython_vm::builtins::PyInt;
use rustpython_vm::function::{Callee as Called, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::accesses::{self, Callee, Touched};
use super::execution::{Abandoned, Execution};
use super::lab;
use super::places;
use super::site::SiteKind;
use super::sites::{self, Known};
use super::table::Effect;
use super::values;
use super::{Access, Part, SiteId, Step, ThreadId};
use crate::switch_point::with_current_frame;

/// The calling thread's part in an execution.
pub(crate) struct Me {
    pub(crate) execution: Arc<Execution>,
    pub(crate) id: ThreadId,
    /// The object that `iter` was asked of, until the iterator is seen.
    iterated: Option<PyObjectRef>,
    /// How many imports it is in: what a module does at its import is one step, with the lock of that
    /// module held.
    imports: usize,
    /// The iterators that were made of built-in containers, by address, with these.
    iterators: Vec<(usize, PyObjectRef)>,
}

thread_local! {
    static ME: RefCell<Option<Me>> = const { RefCell::new(None) };
}

/// Makes the calling thread a controlled one while `f` runs.
pub(crate) fn controlled<R>(execution: &Arc<Execution>, id: ThreadId, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Me>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let me = ME.replace(self.0.take());
            // Outside of the borrow: what it kept may have destructors.
            drop(me);
        }
    }
    let execution = execution.clone();
    let me = Me { execution, id, iterated: None, imports: 0, iterators: Vec::new() };
    let _restore = Restore(ME.replace(Some(me)));
    f()
}

/// The execution that the calling thread is a part of, and its number there.
pub(crate) fn me() -> Option<(Arc<Execution>, ThreadId)> {
    ME.with_borrow(|me| me.as_ref().map(|me| (me.execution.clone(), me.id)))
}

/// The calling thread begins an import, or has done one.
pub(crate) fn import(begins: bool) {
    ME.with_borrow_mut(|me| {
        if let Some(me) = me {
            me.imports = if begins { me.imports + 1 } else { me.imports.saturating_sub(1) };
        }
    });
}

/// Called with a site's number, and what the site gives.
pub(crate) static HOOK: PyMethodDef =
    PyMethodDef::new_raw_const("announce", hook, PyMethodFlags::empty(), ItemDoc::NONE);

fn hook(vm: &VirtualMachine, args: FuncArgs, _: Called) -> PyResult {
    let [site, operands @ ..] = args.args.as_slice() else { return Ok(vm.ctx.none()) };
    let number = site.downcast_ref::<PyInt>().and_then(|site| site.as_u32_mask().into());
    let site = SiteId(number.unwrap_or_default());
    if let Some(Seen { execution, id, step, over, switches_after }) = look(vm, site, operands) {
        if over {
            return Err(lab::abandoned(vm, &execution));
        }
        if !step.accesses.is_empty() {
            announce(vm, &execution, id, step)?;
            // Chosen: the step is done as soon as this returns.
            if execution.notes
                && let Some(known) = sites::get(site)
                && let Some(noted) = values::of(vm, &known.site.kind, operands)
            {
                execution.note(noted);
            }
        }
        if switches_after {
            execution.state.lock().pass_switch_point(id);
        }
    }
    Ok(vm.ctx.none())
}

/// Announces a step that never waits.
pub(crate) fn announce(
    vm: &VirtualMachine,
    execution: &Execution,
    id: ThreadId,
    step: Step,
) -> PyResult<()> {
    let announced = execution.announce(vm, id, step, None);
    announced.map(drop).map_err(|Abandoned| lab::abandoned(vm, execution))
}

/// What the calling thread is about to do at a site.
struct Seen {
    execution: Arc<Execution>,
    id: ThreadId,
    /// Touches nothing if nobody else can tell.
    step: Step,
    /// The execution has ended; said at the ends of loops' turns, where nothing is announced.
    over: bool,
    /// Under a GIL: whether there is a place to switch behind it.
    switches_after: bool,
}

fn look(vm: &VirtualMachine, site: SiteId, operands: &[PyObjectRef]) -> Option<Seen> {
    ME.with_borrow_mut(|me| {
        let me = me.as_mut().filter(|me| me.imports == 0)?;
        let known = sites::get(site)?;
        let (accesses, switches_after) = me.look(vm, site, &known, operands);
        let is_loop = matches!(known.site.kind, SiteKind::BackEdge { .. });
        let over = is_loop && me.execution.is_over();
        if accesses.is_empty() && !switches_after && !over {
            return None;
        }
        let mut step = Step { accesses, sync: None, site };
        if !step.accesses.is_empty() && !me.execution.state.lock().is_seen(me.id, site, &step) {
            step.accesses.clear();
        } else if !known.theirs {
            step.site = places::here();
        }
        Some(Seen { execution: me.execution.clone(), id: me.id, step, over, switches_after })
    })
}

impl Me {
    fn look(
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
                if let (Some(iterated), Some(iterator)) = (self.iterated.take(), operands.first())
                    && (accesses::is_container(&iterated) || iterated.is(iterator))
                {
                    let address = iterator.get_id();
                    self.iterators.retain(|(other, _)| *other != address);
                    self.iterators.push((address, iterated));
                }
                return (Vec::new(), false);
            }
            _ => {}
        }
        let mut touched = Touched { objects: &mut state.objects, accesses: Vec::new(), vm };
        let mut switches_after = false;
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
                    Some((_, of)) if of.is(iterator) => {
                        touched.touch(iterator, Part::Whole, true);
                    }
                    Some((_, of)) => touched.whole(of, false),
                    None => {}
                }
            }
            (SiteKind::Call, [callable, arguments @ ..]) => {
                let (callee, is_unchecked) = accesses::callee(vm, callable, arguments.len());
                // Our primitives say themselves where they are done.
                let is_ours = is_gil && accesses::is_ours(callable, vm);
                switches_after = !is_unchecked && !is_ours;
                let first = arguments.first();
                match (callee, first) {
                    (Callee::Method(effect), _) => {
                        if let Some(object) = accesses::bound_to(callable, vm) {
                            touched.item(&object, first.map(|first| &**first), effect);
                        }
                    }
                    (Callee::Function(Some(Effect::Write)), Some(first)) => {
                        touched.touch(first, Part::Whole, true);
                    }
                    (Callee::Function(Some(_)), Some(first)) => touched.whole(first, false),
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
            _ => {}
        }
        (touched.accesses, switches_after)
    }
}

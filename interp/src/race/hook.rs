//! What instrumented code calls before it does something that other threads may see.

use std::cell::RefCell;
use std::sync::Arc;

use rustpython_vm::builtins::{PyGenerator, PyInt, PyWeak};
use rustpython_vm::function::{Callee as Called, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::accesses::{self, Callee, Touched};
use super::calls::Calls;
use super::deaths;
use super::execution::{Abandoned, Execution};
use super::lab;
use super::places;
use super::site::SiteKind;
use super::sites::{self, Known};
use super::stepping;
use super::table::{Back, Effect};
use super::values;
use super::{Access, ObjectId, Part, SiteId, Step, ThreadId};
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
    /// The iterators that were made of built-in containers, by address, with these, or that were
    /// given as they are.
    iterators: Vec<(usize, Iterated)>,
    /// The native code that it is in the middle of.
    calls: Calls,
    /// What its last step has given up a reference to.
    given_up: Vec<ObjectId>,
}

#[derive(Debug, Clone, Copy)]
enum Iterated {
    Itself,
    Container(ObjectId),
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
    let me = Me {
        execution,
        id,
        iterated: None,
        imports: 0,
        iterators: Vec::new(),
        calls: Calls::default(),
        given_up: Vec::new(),
    };
    let _restore = Restore(ME.replace(Some(me)));
    f()
}

/// The execution that the calling thread is a part of, and its number there.
pub(crate) fn me() -> Option<(Arc<Execution>, ThreadId)> {
    ME.with_borrow(|me| me.as_ref().map(|me| (me.execution.clone(), me.id)))
}

/// The same; `None` in an import.
pub(crate) fn me_outside_imports() -> Option<(Arc<Execution>, ThreadId)> {
    ME.with_borrow(|me| {
        let me = me.as_ref().filter(|me| me.imports == 0)?;
        Some((me.execution.clone(), me.id))
    })
}

/// Like [`me`], with what the thread's last step has given up references to. `None` in an import.
pub(crate) fn lets_go() -> Option<(Arc<Execution>, ThreadId, Vec<ObjectId>)> {
    ME.with_borrow(|me| {
        let me = me.as_ref().filter(|me| me.imports == 0)?;
        Some((me.execution.clone(), me.id, me.given_up.clone()))
    })
}

/// The calling thread does a step.
pub(crate) fn steps() {
    ME.with_borrow_mut(|me| {
        if let Some(me) = me {
            me.calls.step();
        }
    });
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
    stepping::remind();
    deaths::let_go(vm)?;
    if let Some(seen) = look(vm, site, operands) {
        let Seen { execution, id, step, over, switches_after } = seen;
        if over {
            return Err(lab::abandoned(vm, &execution));
        }
        if !step.accesses.is_empty() {
            let announced = execution.announce(vm, id, step, None);
            announced.map_err(|Abandoned| lab::abandoned(vm, &execution))?;
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
    steps();
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
        if !step.accesses.is_empty() && known.site.kind != SiteKind::Leave {
            me.calls.step();
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

//! Objects whose end others can tell: those with a destructor, and those that are weakly referred to.
//!
//! An execution keeps what it has numbered. It lets go of what nobody else has as soon as the thread
//! that has let go last says anything: before that thread's next step, so that a destructor runs in it.
//! To let go of a reference to such an object is a step, and so is to ask a weak reference, if objects of its
//! class were seen to die while there were several threads.

use std::sync::atomic::{AtomicBool, Ordering};

use rustpython_vm::builtins::{PyCode, PyDict, PyFunction, PyList, PySet, PyType, PyWeak};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::accesses::{self, Touched, field, is_of_a_python_class};
use super::site::SiteKind;
use super::{Access, ObjectId, Part, Sharing, Step, hook, places, table, values};

/// Whether code of the user's can tell the ends of objects.
static CAN_BE_TOLD: AtomicBool = AtomicBool::new(false);

/// Looks for the ends of objects from now on.
pub(crate) fn tell_from_now_on() {
    CAN_BE_TOLD.store(true, Ordering::Relaxed);
}

pub(crate) fn can_be_told() -> bool {
    CAN_BE_TOLD.load(Ordering::Relaxed)
}

/// Whether code has a destructor in it, or names weak references.
pub(crate) fn are_named_in(code: &Py<PyCode>) -> bool {
    let is_one = |name: &str| matches!(name, "__del__" | "weakref" | "_weakref");
    let inner = |constant: PyObjectRef| constant.downcast_ref::<PyCode>().is_some_and(are_named_in);
    is_one(code.obj_name.as_str())
        || code.names.iter().any(|name| is_one(name.as_str()))
        || code.constants.iter().any(|constant| inner(constant.clone().into()))
}

/// Whether somebody can tell when the object dies.
fn is_watched(object: &PyObject) -> bool {
    object.weak_count().is_some_and(|count| count > 0)
        || is_of_a_python_class(object) && object.class().slots.del.load().is_some()
}

/// Whether the ends of a class's objects are steps.
fn is_step_of(sharing: &Sharing, class: &Py<PyType>) -> bool {
    sharing.is_all() || sharing.is_dying(field(&class.name()))
}

/// The life of an object, or its end.
fn life(object: ObjectId, write: bool) -> Access {
    // Like the numbers of attributes' names, which are hashes.
    Access { object, part: Part::Field(0x11fe), write }
}

/// What goes away with the references that a thread gives up at a site.
fn given_up(vm: &VirtualMachine, kind: &SiteKind, operands: &[PyObjectRef]) -> Vec<PyObjectRef> {
    let one = match (kind, operands) {
        (SiteKind::StoreAttr(name) | SiteKind::DeleteAttr(name), [object, ..]) => {
            values::stored(vm, object, name)
        }
        (SiteKind::StoreItem | SiteKind::DeleteItem, [object, key, ..]) => {
            values::item(vm, object, key)
        }
        (SiteKind::StoreGlobal(name) | SiteKind::DeleteGlobal(name), _) => values::global(vm, name),
        (SiteKind::StoreCell(_) | SiteKind::DeleteCell(_), [cell, ..]) => {
            cell.get_attr("cell_contents", vm).ok()
        }
        (SiteKind::Drop, operands) => return operands.to_vec(),
        (SiteKind::End, [result, variables @ ..]) => {
            return variables.iter().filter(|object| !object.is(result)).cloned().collect();
        }
        _ => None,
    };
    one.into_iter().collect()
}

/// The containers of weak references that are asked or changed at a site: by Python code, whose entry is a
/// place to switch.
pub(crate) fn weak_containers(
    vm: &VirtualMachine,
    kind: &SiteKind,
    operands: &[PyObjectRef],
) -> Vec<PyObjectRef> {
    if !can_be_told() {
        return Vec::new();
    }
    let bound = operands.first().filter(|_| *kind == SiteKind::Call);
    let bound = bound.and_then(|callable| accesses::bound_to(callable, vm));
    let all = operands.iter().take(2).cloned().chain(bound);
    all.filter(|object| accesses::is_weak_container(object)).collect()
}

/// What may go away when a container is changed, as far as it can be looked at.
fn contents(object: &PyObject) -> Vec<PyObjectRef> {
    if let Some(list) = object.downcast_ref::<PyList>() {
        return list.borrow_vec().to_vec();
    }
    if let Some(set) = object.downcast_ref::<PySet>() {
        return set.elements();
    }
    let dict = object.downcast_ref::<PyDict>();
    let items = dict.map(|dict| dict.into_iter().map(|(_, value)| value).collect());
    items.unwrap_or_default()
}

impl Touched<'_> {
    /// A weak reference is asked, which may give its object.
    pub(crate) fn referent(&mut self, weak: &Py<PyWeak>, sharing: &Sharing) {
        if can_be_told()
            && let Some((number, class)) = self.objects.referent(weak)
            && is_step_of(sharing, &class)
        {
            self.accesses.push(life(number, false));
        }
    }

    /// A container of weak references is asked or changed: what it says depends on who lives.
    fn members(&mut self, object: &PyObject, stored: Option<&PyObjectRef>, sharing: &Sharing) {
        let container = self.objects.number(object);
        let data = object.dict().and_then(|dict| dict.get_item_opt("data", self.vm).ok().flatten());
        let mut references = data.as_deref().map(contents).unwrap_or_default();
        if let Some(dict) = data.as_ref().and_then(|data| data.downcast_ref::<PyDict>()) {
            references.extend(dict.into_iter().map(|(key, _)| key));
        }
        let weak = references.iter().filter_map(|reference| reference.downcast_ref::<PyWeak>());
        for weak in weak {
            if let Some((number, _)) = self.objects.referent(weak) {
                self.objects.add_member(container, number);
            }
        }
        if let Some(stored) = stored.filter(|stored| is_of_a_python_class(stored)) {
            let number = self.objects.number(stored);
            self.objects.add_member(container, number);
        }
        for (number, class) in self.objects.members_of(container) {
            if is_step_of(sharing, &class) {
                self.accesses.push(life(number, false));
            }
        }
    }

    /// References are given up at a site. Returns those that make a step of it.
    pub(crate) fn given_up(
        &mut self,
        kind: &SiteKind,
        operands: &[PyObjectRef],
        sharing: &Sharing,
    ) -> Vec<ObjectId> {
        let stored = operands.get(2).filter(|_| *kind == SiteKind::StoreItem);
        for object in weak_containers(self.vm, kind, operands) {
            self.members(&object, stored, sharing);
        }
        let mut gone = given_up(self.vm, kind, operands);
        if let (SiteKind::Call, [callable, arguments @ ..]) = (kind, operands)
            && callable.downcast_ref::<PyFunction>().is_none()
        {
            if let Some(object) = accesses::bound_to(callable, self.vm) {
                let contents = contents(&object);
                // What is kept from now on is let go of where it is seen.
                for object in contents.iter().filter(|object| is_watched(object)) {
                    self.objects.number(object);
                }
                if accesses::name_of(callable, self.vm).is_some_and(|name| table::drops(&name)) {
                    gone = contents;
                }
            }
            // It may be what makes a weak reference of it.
            let first = arguments.first().filter(|first| is_of_a_python_class(first));
            if let Some(first) = first {
                self.objects.number(first);
            }
        }
        let mut numbers = Vec::new();
        for object in gone {
            if !is_watched(&object) {
                continue;
            }
            let number = self.objects.number(&object);
            if is_step_of(sharing, object.class()) && !numbers.contains(&number) {
                self.accesses.push(life(number, true));
                numbers.push(number);
            }
        }
        numbers
    }
}

/// Lets go of what the calling thread was the last to have.
///
/// # Errors
/// What unwinds a thread whose execution is over.
pub(crate) fn let_go(vm: &VirtualMachine) -> PyResult<()> {
    if !can_be_told() {
        return Ok(());
    }
    let mut announced = None;
    while let Some((execution, me, given_up)) = hook::lets_go() {
        if execution.is_over() {
            break;
        }
        let mut guard = execution.state.lock();
        let state = &mut *guard;
        let Some(number) = state.objects.last_of(me) else { break };
        let told = state.objects.get(number).filter(|object| is_watched(object));
        if let Some(object) = told {
            let class = object.class().to_owned();
            let is_step = is_step_of(&state.watch.sharing, &class);
            if state.has_several() {
                state.watch.sharing.dies(field(&class.name()));
            }
            // Otherwise it goes in the step in which the reference was given up.
            if is_step && announced != Some(number) && !given_up.contains(&number) {
                announced = Some(number);
                let site = places::here_as(SiteKind::Drop);
                let step = Step { accesses: vec![life(number, true)], sync: None, site };
                if state.is_seen(me, site, &step) {
                    drop(guard);
                    hook::announce(vm, &execution, me, step)?;
                    continue;
                }
            }
        }
        let gone = state.objects.release(number);
        drop(guard);
        // Here destructors run.
        drop(gone);
    }
    Ok(())
}

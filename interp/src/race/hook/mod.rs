//! What instrumented code calls before it does something that other threads may see.

mod look;

use std::cell::RefCell;
use std::sync::Arc;

use rustpython_vm::builtins::PyInt;
use rustpython_vm::function::{Callee as Called, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::calls::Calls;
use super::deaths;
use super::execution::{Abandoned, Execution};
use super::kernel;
use super::places;
use super::site::SiteKind;
use super::sites::{self};
use super::stepping;
use super::values;
use super::{ObjectId, SiteId, Step, ThreadId};

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

/// Whether the calling thread is in an import.
pub(crate) fn is_importing() -> bool {
    ME.with_borrow(|me| me.as_ref().is_some_and(|me| me.imports > 0))
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
            return Err(kernel::abandoned(vm, &execution));
        }
        if !step.accesses.is_empty() {
            let announced = execution.announce(vm, id, step, None);
            announced.map_err(|Abandoned| kernel::abandoned(vm, &execution))?;
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
    announced.map(drop).map_err(|Abandoned| kernel::abandoned(vm, execution))
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

//! `_local`. Built like the VM's own, so that what differs is the VM.

use std::cell::RefCell;
use std::rc::Weak;

use rustpython_vm::pymodule;

use local::Dicts;

thread_local! {
    /// The objects that threads have attributes in; each thread with its ident.
    static USED: RefCell<Vec<(u64, Weak<Dicts>)>> = const { RefCell::new(Vec::new()) };
}

/// Drops the attributes of a thread that has ended.
pub(super) fn forget(ident: u64) {
    let ended = USED.with_borrow_mut(|used| {
        used.extract_if(.., |(owner, _)| *owner == ident).collect::<Vec<_>>()
    });
    for (_, dicts) in ended {
        let dict = dicts.upgrade().and_then(|dicts| dicts.take(ident));
        // Out of the borrow: it may run Python code.
        drop(dict);
    }
}

#[pymodule(sub, name = "_thread")]
pub(super) mod local {
    use std::collections::HashMap;
    use std::rc::Rc;

    use rustpython_vm::builtins::{PyDictRef, PyStr, PyType, PyTypeRef};
    use rustpython_vm::common::lock::PyMutex;
    use rustpython_vm::function::{FuncArgs, PySetterValue};
    use rustpython_vm::object::{Traverse, TraverseFn};
    use rustpython_vm::types::{GetAttr, SetAttr};
    use rustpython_vm::{
        AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
    };

    use crate::thread::turn;

    /// The VM does not export its own.
    type InitFunc = fn(&PyObject, FuncArgs, &VirtualMachine) -> PyResult<()>;

    /// The attributes, by thread.
    pub(in crate::thread) struct Dicts(PyMutex<State>);

    struct State {
        init_args: FuncArgs,
        dicts: HashMap<u64, PyDictRef>,
    }

    impl Dicts {
        pub(in crate::thread) fn take(&self, ident: u64) -> Option<PyDictRef> {
            self.0.lock().dicts.remove(&ident)
        }
    }

    impl std::fmt::Debug for Dicts {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Dicts").finish_non_exhaustive()
        }
    }

    #[pyattr]
    #[pyclass(module = "_thread", name = "_local", traverse = "manual")]
    #[derive(Debug, PyPayload)]
    struct Local(Rc<Dicts>);

    // SAFETY: visits each object that is reachable from here once, and gives up each that `clear`
    // passes on. `USED` has weak references only.
    unsafe impl Traverse for Local {
        fn traverse(&self, visit: &mut TraverseFn<'_>) {
            let state = self.0.0.lock();
            state.init_args.traverse(visit);
            for dict in state.dicts.values() {
                dict.traverse(visit);
            }
        }

        fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
            let mut state = self.0.0.lock();
            out.append(&mut state.init_args.args);
            out.extend(state.init_args.kwargs.drain(..).map(|(_, value)| value));
            out.extend(state.dicts.drain().map(|(_, dict)| dict.into()));
        }
    }

    #[pyclass(with(GetAttr, SetAttr), flags(BASETYPE))]
    impl Local {
        #[pyslot]
        fn slot_new(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            if !args.is_empty() && own_init(&class, vm).is_none() {
                return Err(vm.new_type_error("Initialization arguments are not supported"));
            }
            let state = State { init_args: args, dicts: HashMap::new() };
            let local = Self(Rc::new(Dicts(PyMutex::new(state)))).into_ref_with_type(vm, class)?;
            // Before `__init__`, which otherwise would be called for the first attribute, too.
            local.make_dict(vm);
            Ok(local.into())
        }

        #[pygetset(name = "__dict__")]
        fn dict(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
            current_dict(&zelf, vm)
        }

        fn make_dict(&self, vm: &VirtualMachine) -> PyDictRef {
            let ident = turn::ident();
            let dict = vm.ctx.new_dict();
            self.0.0.lock().dicts.insert(ident, dict.clone());
            super::USED.with_borrow_mut(|used| used.push((ident, Rc::downgrade(&self.0))));
            dict
        }
    }

    /// The attributes of the current thread, initialized if they are new.
    fn current_dict(local: &Py<Local>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
        let ident = turn::ident();
        if let Some(dict) = local.0.0.lock().dicts.get(&ident) {
            return Ok(dict.clone());
        }
        let dict = local.make_dict(vm);
        if let Some(init) = own_init(local.class(), vm) {
            let args = local.0.0.lock().init_args.clone();
            if let Err(error) = init(local.as_object(), args, vm) {
                drop(local.0.take(ident));
                return Err(error);
            }
        }
        Ok(dict)
    }

    /// `__init__` of a subclass.
    fn own_init(class: &Py<PyType>, vm: &VirtualMachine) -> Option<InitFunc> {
        let address = |init: InitFunc| init as usize;
        let init = class.slots.init.load()?;
        let inherited = vm.ctx.types.object_type.slots.init.load().map(address);
        (Some(address(init)) != inherited).then_some(init)
    }

    impl GetAttr for Local {
        fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
            let dict = current_dict(zelf, vm)?;
            if name.as_bytes() == b"__dict__" {
                return Ok(dict.into());
            }
            zelf.as_object().generic_getattr_opt(name, Some(dict), vm)?.ok_or_else(|| {
                let class = zelf.class().name().to_string();
                vm.new_attribute_error(format!("{class} has no attribute '{name}'"))
            })
        }
    }

    impl SetAttr for Local {
        fn setattro(
            zelf: &Py<Self>,
            name: &Py<PyStr>,
            value: PySetterValue,
            vm: &VirtualMachine,
        ) -> PyResult<()> {
            if name.as_bytes() == b"__dict__" {
                let class = zelf.class().name().to_string();
                let text = format!("{class} attribute '__dict__' is read-only");
                return Err(vm.new_attribute_error(text));
            }
            let dict = current_dict(zelf, vm)?;
            match value {
                PySetterValue::Assign(value) => dict.set_item(name, value, vm),
                PySetterValue::Delete => dict.del_item(name, vm),
            }
        }
    }
}

//! Modules that a host lends to its interpreters: a definition for the VM, and contents that
//! the definition's exec slot finds by interpreter and name.
//!
//! The VM wants definitions that live as long as the process. So a host keeps one per
//! name, and what differs from interpreter to interpreter is kept here.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyModuleDef;

/// What a lent module consists of; only its host knows what that is.
pub type Contents = Arc<dyn Any + Send + Sync>;

/// A module for [`InterpreterBuilder::module`](crate::InterpreterBuilder::module).
pub struct NativeModule {
    /// What the VM imports. Its exec slot asks
    /// [`Python::module_contents`](crate::Python::module_contents) for the contents.
    pub definition: &'static PyModuleDef,
    /// What is in it, for this interpreter and its sub-interpreters.
    pub contents: Contents,
}

/// By interpreter (the root of its sub-interpreters) and name.
static LENT: RwLock<BTreeMap<(i64, &'static str), Contents>> = RwLock::new(BTreeMap::new());

/// The contents live until [`forget`].
pub(crate) fn remember(root: i64, modules: Vec<NativeModule>) {
    let mut lent = LENT.write();
    for module in modules {
        lent.insert((root, module.definition.name.as_str()), module.contents);
    }
}

/// What was lent under this name to the interpreter of `vm`.
pub(crate) fn contents(vm: &VirtualMachine, name: &str) -> Option<Contents> {
    let lent = LENT.read();
    let mine = lent.range((vm.state.runtime_root_id, "")..);
    let mine = mine.take_while(|((root, _), _)| *root == vm.state.runtime_root_id);
    mine.into_iter().find(|((_, other), _)| *other == name).map(|(_, contents)| contents.clone())
}

/// The interpreter is no more.
pub(crate) fn forget(root: i64) {
    let gone: Vec<Contents> = {
        let mut lent = LENT.write();
        let keys: Vec<_> = lent.keys().filter(|(other, _)| *other == root).copied().collect();
        keys.iter().filter_map(|key| lent.remove(key)).collect()
    };
    // After the lock: contents are the host's, and so are their destructors.
    drop(gone);
}

//! The Python object of a function: a builtin function, as `help` and `inspect` know them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use parking_lot::Mutex;
use togil_interp::Python;
use togil_interp::vm::builtins::PyModule;
use togil_interp::vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use togil_interp::vm::{
    AsObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, identifier,
};

use super::callable::Callable;

/// Makes the function object, as one of the module `module`.
///
/// Its `__self__` is a module object of its own, the anchor, because that is what a builtin function
/// of a module has: so `repr`, `help` and pickle take it for one. The anchor's `__call__` is what is
/// called; the name is one that the VM has at hand with its hash.
pub(crate) fn make(py: Python<'_>, callable: Callable, module: &str) -> PyResult {
    let vm = py.vm();
    let definition =
        definition(&callable.definition().name, &callable.internal_doc(py, "$module")?);
    let anchor = vm.ctx.new_dict();
    let class = Callable::class(&vm.ctx).to_owned();
    anchor.set_item(identifier!(vm, __call__), PyRef::new_ref(callable, class, None).into(), vm)?;
    let anchor = vm.new_module(module, anchor, None);
    let function = definition.build_bound_function(&vm.ctx, anchor.into());
    function.as_object().set_attr("__module__", vm.ctx.new_str(module), vm)?;
    Ok(function.into())
}

/// The VM's definitions are static. Hosts come and go, but their functions have the same names and
/// docs, so there is one definition for each of those.
fn definition(name: &str, doc: &str) -> &'static PyMethodDef {
    type Definitions = HashMap<(String, String), &'static PyMethodDef>;
    static DEFINITIONS: LazyLock<Mutex<Definitions>> = LazyLock::new(Mutex::default);
    let mut definitions = DEFINITIONS.lock();
    let known = (name.to_owned(), doc.to_owned());
    definitions.entry(known).or_insert_with_key(|(name, doc)| {
        let doc = ItemDoc::static_text(static_text(doc));
        let flags = PyMethodFlags::empty();
        Box::leak(Box::new(PyMethodDef::new_raw_const(static_text(name), call, flags, doc)))
    })
}

/// A text for the VM's static definitions. The same text is leaked once.
pub(crate) fn static_text(text: &str) -> &'static str {
    static TEXTS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock();
    if let Some(known) = texts.get(text) {
        return known;
    }
    let text = Box::leak(text.to_owned().into_boxed_str());
    texts.insert(text);
    text
}

fn call(vm: &VirtualMachine, mut args: FuncArgs, _callee: Callee) -> PyResult {
    let anchor: PyObjectRef = args.args.remove(0);
    let found = anchor.downcast_ref::<PyModule>().map(|anchor| anchor.dict());
    let found = found.and_then(|dict| dict.get_item(identifier!(vm, __call__), vm).ok());
    match found.as_ref().and_then(|found| found.downcast_ref::<Callable>()) {
        Some(callable) => callable.call(Python::assume_attached(vm), None, args),
        None => Err(vm.new_runtime_error("this function's __self__ was taken apart")),
    }
}

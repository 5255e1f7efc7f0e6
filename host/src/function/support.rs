//! What the host needs in every interpreter: the classes of its objects.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::OnceLock;

use parking_lot::Mutex;
use togil_interp::Python;
use togil_interp::vm::builtins::PyTypeRef;
use togil_interp::vm::function::ItemDoc;
use togil_interp::vm::{AsObject, PyObjectRef, PyPayload, PyRef, PyResult};

/// Makes a Rust type something that a Python object can consist of. Where no class is given
/// such an object passes for an `object()`.
macro_rules! payload {
    ($type:ty) => {
        impl togil_interp::vm::object::MaybeTraverse for $type {
            fn try_traverse(&self, _: &mut togil_interp::vm::object::TraverseFn<'_>) {}
        }

        impl togil_interp::vm::PyPayload for $type {
            fn class(
                ctx: &togil_interp::vm::Context,
            ) -> &'static togil_interp::vm::Py<togil_interp::vm::builtins::PyType> {
                ctx.types.object_type
            }
        }
    };
}
pub(crate) use payload;

/// Lives in `sys.modules['_togil']`, and so as long as the interpreter.
#[derive(Debug)]
pub(crate) struct Support {
    pub(crate) panic_exception: PyTypeRef,
    /// The class of methods of host classes.
    pub(crate) method: PyTypeRef,
    /// The class for each Rust type, once its module was imported.
    pub(crate) classes: Mutex<HashMap<TypeId, PyTypeRef>>,
    /// The class of what `__iter__` of host classes returns, once one was called.
    pub(crate) iterator: OnceLock<PyTypeRef>,
    /// The same of what async host functions return, and how it waits.
    pub(crate) awaitable: OnceLock<PyTypeRef>,
    pub(crate) wait: OnceLock<PyObjectRef>,
}

payload!(Support);

const MODULE: &str = "_togil";
const ATTRIBUTE: &str = "support";

/// This interpreter's.
pub(crate) fn support(py: Python<'_>) -> PyResult<PyRef<Support>> {
    let vm = py.vm();
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let module = match modules.get_item(MODULE, vm) {
        Ok(module) => module,
        Err(_) => {
            let dict = vm.ctx.new_dict();
            let support = Support {
                panic_exception: panic_exception(py),
                method: crate::class::method_type(py)?,
                classes: Mutex::default(),
                iterator: OnceLock::new(),
                awaitable: OnceLock::new(),
                wait: OnceLock::new(),
            };
            dict.set_item("PanicException", support.panic_exception.clone().into(), vm)?;
            let class = Support::class(&vm.ctx).to_owned();
            dict.set_item(ATTRIBUTE, PyRef::new_ref(support, class, None).into(), vm)?;
            let module = vm.new_module(MODULE, dict, None);
            // Of two threads that come here at once one wins.
            vm.call_method(&modules, "setdefault", (MODULE, module))?
        }
    };
    module
        .get_attr(ATTRIBUTE, vm)?
        .downcast::<Support>()
        .map_err(|_| vm.new_runtime_error("sys.modules['_togil'] is not what the host put there"))
}

fn panic_exception(py: Python<'_>) -> PyTypeRef {
    const DOC: &str = "A panic of Rust code that the host lent to Python.\n\nNot an Exception: \
                       a panic is a bug, which `except Exception` should not hide.";
    let base = py.ctx.exceptions.base_exception_type.to_owned();
    let doc = ItemDoc::static_text(DOC);
    py.ctx.new_exception_type_with_doc("togil", "PanicException", Some(vec![base]), doc)
}

/// The class of the exceptions that panics of lent Rust code become, as `togil.PanicException`.
///
/// # Errors
/// [`PythonError`](crate::PythonError) if a script replaced what the host keeps in `sys.modules`.
pub fn panic_exception_class(py: Python<'_>) -> Result<crate::PyHandle, crate::PythonError> {
    match support(py) {
        Ok(support) => Ok(crate::PyHandle::new(py, support.panic_exception.as_object().to_owned())),
        Err(error) => Err(crate::PythonError::new(py, error)),
    }
}

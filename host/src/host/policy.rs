//! Which modules scripts may import.

use std::fmt;
use std::sync::Arc;

use togil_interp::Python;
use togil_interp::vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use togil_interp::vm::{PyResult, VirtualMachine};

use crate::bundled;

/// Which modules the `import` statements of scripts may name.
///
/// A rule names a module and with it its submodules; a denied name beats an allowed one. The
/// standard library's own imports are not asked about, so allowing `json` is enough for
/// `import json`.
///
/// **Not a security boundary.** It keeps honest scripts to what they were meant to use. A script
/// that wants to can reach any module that the process has loaded: through `sys.modules`, through
/// `importlib`, through an attribute of an allowed module. To run hostile code, use a
/// process that the operating system confines.
///
/// ```
/// use togil::{Host, ImportPolicy};
///
/// let host = Host::builder().import_policy(ImportPolicy::allow(["json", "math"])).build()?;
/// assert!(host.exec("import json").is_ok());
/// let error = host.exec("import subprocess").unwrap_err();
/// assert!(error.to_string().contains("the host does not allow"), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ImportPolicy {
    /// `None`: everything that is not denied.
    allowed: Option<Arc<[String]>>,
    denied: Arc<[String]>,
}

impl ImportPolicy {
    /// Only these.
    pub fn allow(modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let allowed = modules.into_iter().map(Into::into).collect();
        Self { allowed: Some(allowed), denied: Arc::new([]) }
    }

    /// All but these.
    pub fn deny(modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { allowed: None, denied: modules.into_iter().map(Into::into).collect() }
    }

    /// But not these.
    #[must_use]
    pub fn except(mut self, modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let more = modules.into_iter().map(Into::into);
        self.denied = self.denied.iter().cloned().chain(more).collect();
        self
    }

    /// Whether a script may import a module.
    pub fn allows(&self, module: &str) -> bool {
        let named = |rule: &String| {
            module
                .strip_prefix(rule.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.denied.iter().any(named)
            && self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(named))
    }

    /// Gives an interpreter an `__import__` that asks first.
    pub(super) fn install(&self, py: Python<'_>) -> PyResult<()> {
        let vm = py.vm();
        // One closure per interpreter, kept for as long as the process lives.
        let policy = self.clone();
        let allows = move |vm: &VirtualMachine, args: FuncArgs, _: Callee| -> PyResult {
            let (name,): (togil_interp::vm::builtins::PyStrRef,) = args.bind(vm)?;
            Ok(vm.ctx.new_bool(policy.allows(&name.as_wtf8().to_string())).into())
        };
        let def: &'static PyMethodDef = Box::leak(Box::new(PyMethodDef {
            func: Box::leak(Box::new(allows)),
            ..ALLOWS.clone()
        }));
        let allows = def.build_function(&vm.ctx).into();
        let source = include_str!("policy.py");
        bundled::run(py, source, "<togil import policy>", [("allows", allows)]).map(drop)
    }
}

/// The shape of `allows(name)`, which asks the policy.
static ALLOWS: PyMethodDef =
    PyMethodDef::new_raw_const("allows", everything, PyMethodFlags::empty(), ItemDoc::NONE);

fn everything(vm: &VirtualMachine, _args: FuncArgs, _callee: Callee) -> PyResult {
    Ok(vm.ctx.new_bool(true).into())
}

impl fmt::Debug for ImportPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportPolicy")
            .field("allowed", &self.allowed)
            .field("denied", &self.denied)
            .finish()
    }
}

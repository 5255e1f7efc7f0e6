//! Modules of the host's, for scripts to import.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use serde::Serialize;
use togil_interp::vm::builtins::{PyModule, PyModuleDef, PyModuleSlots};
use togil_interp::vm::{Context, Py, PyObjectRef, PyResult, VirtualMachine};
use togil_interp::{GilSwitch, NativeModule, Python};

use crate::class::{AnyClass, Class};
use crate::function::{ExceptionClass, Function, is_identifier};
use crate::value::{ConversionError, to_python};

/// Why a module cannot be lent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot build the module `{module}`: {what}")]
pub struct ModuleError {
    module: String,
    what: String,
}

/// A module that scripts can import: functions, classes, exceptions and values. Cheap to clone, and
/// may be added to any number of interpreters.
///
/// ```
/// use togil::{Function, Interpreter, Module};
///
/// let module = Module::builder("app")
///     .doc("What the app lends to scripts.")
///     .function(Function::new("add", |(a, b): (i64, i64)| a + b))
///     .value("VERSION", "1.0")
///     .build()?;
/// let interpreter = Interpreter::builder().module(module).build()?;
/// # drop(interpreter);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Module(Arc<Contents>);

struct Contents {
    name: String,
    doc: Option<String>,
    gil_used: bool,
    items: Vec<Item>,
}

/// Makes a value's object, in each interpreter anew.
type MakeValue = Box<dyn Fn(Python<'_>) -> Result<PyObjectRef, ConversionError> + Send + Sync>;

enum Item {
    Function(Function),
    Class(AnyClass),
    Exception { name: String, base: ExceptionClass },
    Value { name: String, make: MakeValue },
}

impl Item {
    fn name(&self) -> &str {
        match self {
            Self::Function(function) => function.name(),
            Self::Class(class) => class.name(),
            Self::Exception { name, .. } | Self::Value { name, .. } => name,
        }
    }
}

impl Module {
    /// Starts to describe a module.
    pub fn builder(name: impl Into<String>) -> ModuleBuilder {
        let (name, items) = (name.into(), Vec::new());
        ModuleBuilder(Contents { name, doc: None, gil_used: false, items })
    }

    /// The name by which scripts import it.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Module({})", self.0.name)
    }
}

impl From<Module> for NativeModule {
    fn from(module: Module) -> Self {
        Self { definition: definition(&module.0.name), contents: module.0 }
    }
}

impl From<&Module> for NativeModule {
    fn from(module: &Module) -> Self {
        module.clone().into()
    }
}

/// Describes a [`Module`].
#[must_use]
pub struct ModuleBuilder(Contents);

impl ModuleBuilder {
    /// The module's `__doc__`.
    pub fn doc(mut self, doc: impl Into<String>) -> Self {
        self.0.doc = Some(doc.into());
        self
    }

    /// Adds a function.
    pub fn function(mut self, function: Function) -> Self {
        self.0.items.push(Item::Function(function));
        self
    }

    /// Adds a class.
    pub fn class<T: Send + Sync + 'static>(mut self, class: Class<T>) -> Self {
        self.0.items.push(Item::Class(class.into()));
        self
    }

    /// Adds a class of exceptions, for [`ExceptionClass::defined`]. Its base may be one that was
    /// added before.
    pub fn exception(mut self, name: impl Into<String>, base: ExceptionClass) -> Self {
        self.0.items.push(Item::Exception { name: name.into(), base });
        self
    }

    /// Adds a value. Every interpreter gets an object of its own.
    pub fn value<T>(mut self, name: impl Into<String>, value: T) -> Self
    where
        T: Serialize + Send + Sync + 'static,
    {
        let make: MakeValue = Box::new(move |py| to_python(py, &value));
        self.0.items.push(Item::Value { name: name.into(), make });
        self
    }

    /// Declares that the module's functions lean on the GIL. The default is that they do not, since
    /// Rust makes them `Send + Sync`.
    ///
    /// When such a module is imported in a process without a GIL, the GIL is turned on for the
    /// whole process, with a `RuntimeWarning`, as CPython 3.14 does for a C extension; unless the first
    /// interpreter was built with [`GilRequest::Disable`](crate::GilRequest::Disable)
    /// (`-X gil=0`).
    pub fn gil_used(mut self, yes: bool) -> Self {
        self.0.gil_used = yes;
        self
    }

    /// Ends the description.
    ///
    /// # Errors
    /// [`ModuleError`] if a name is no Python name or is taken, or a function or a class was
    /// described in a way that does not fit its closures.
    pub fn build(self) -> Result<Module, ModuleError> {
        match self.0.check() {
            Ok(()) => Ok(Module(Arc::new(self.0))),
            Err(what) => Err(ModuleError { module: self.0.name, what }),
        }
    }
}

impl Contents {
    fn check(&self) -> Result<(), String> {
        if !is_identifier(&self.name) {
            return Err("this is no name for a module (packages cannot be lent)".into());
        }
        for (index, item) in self.items.iter().enumerate() {
            let name = item.name();
            match item {
                Item::Function(function) => drop(function.definition().map_err(str::to_owned)?),
                Item::Class(class) => class.check()?,
                Item::Exception { .. } | Item::Value { .. } if !is_identifier(name) => {
                    return Err(format!("`{name}` is no name"));
                }
                Item::Exception { .. } | Item::Value { .. } => {}
            }
            if self.items[..index].iter().any(|other| other.name() == name) {
                return Err(format!("it has two things called `{name}`"));
            }
        }
        Ok(())
    }

    /// Before anything of the module can be called.
    fn turn_gil_on(&self, py: Python<'_>) -> PyResult<()> {
        if !self.gil_used || py.turn_gil_on(&self.name) != GilSwitch::TurnedOn {
            return Ok(());
        }
        tracing::warn!(
            module = self.name,
            "the GIL has been enabled to load a module that needs it"
        );
        // CPython 3.14's words (`_PyImport_EnableGILAndWarn` in Python/import.c).
        let text = format!(
            "The global interpreter lock (GIL) has been enabled to load module '{}', which has not \
             declared that it can run safely without the GIL. To override this behavior and keep the \
             GIL disabled (at your own risk), run with PYTHON_GIL=0 or -Xgil=0.",
            self.name
        );
        let warn = py.import("warnings", 0)?.get_attr("warn", py.vm())?;
        warn.call((text, py.ctx.exceptions.runtime_warning.to_owned()), py.vm())?;
        Ok(())
    }

    /// Fills a module object.
    fn fill(&self, py: Python<'_>, module: &Py<PyModule>) -> PyResult<()> {
        let vm = py.vm();
        if let Some(doc) = &self.doc {
            module.set_attr("__doc__", vm.ctx.new_str(doc.as_str()), vm)?;
        }
        for item in &self.items {
            let object = match item {
                Item::Function(function) => function.make(py, &self.name)?,
                Item::Class(class) => class.make(py, &self.name)?,
                Item::Exception { name, base } => {
                    let base = base.resolve(py)?;
                    vm.ctx.new_exception_type(&self.name, name, Some(vec![base])).into()
                }
                Item::Value { name, make } => make(py).map_err(|error| {
                    vm.new_type_error(format!("the value {}.{name}: {error}", self.name))
                })?,
            };
            module.set_attr(&*vm.ctx.new_str(item.name()), object, vm)?;
        }
        Ok(())
    }
}

/// The VM's definitions are static: there is one for every name that a module ever had.
fn definition(name: &str) -> &'static PyModuleDef {
    static DEFINITIONS: LazyLock<Mutex<HashMap<String, &'static PyModuleDef>>> =
        LazyLock::new(Mutex::default);
    let mut definitions = DEFINITIONS.lock();
    definitions.entry(name.to_owned()).or_insert_with_key(|name| {
        Box::leak(Box::new(PyModuleDef {
            name: Context::genesis().intern_str(name.as_str()),
            doc: None,
            methods: &[],
            slots: PyModuleSlots { create: None, exec: Some(exec) },
        }))
    })
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    let py = Python::assume_attached(vm);
    let Some(name) = module.name.map(|name| name.as_str()) else { return Ok(()) };
    let contents = py.module_contents(name).and_then(|contents| contents.downcast().ok());
    let Some(contents): Option<Arc<Contents>> = contents else {
        return Err(vm.new_import_error(
            format!("the host took the module {name} back"),
            vm.ctx.new_utf8_str(name),
        ));
    };
    let filled = contents.turn_gil_on(py).and_then(|()| contents.fill(py, module));
    if filled.is_err() {
        // The VM leaves what it could not load where the next import finds it.
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let _ = modules.del_item(name, vm);
    }
    filled
}

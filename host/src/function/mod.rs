//! Rust functions for Python: closures with a name, a doc string and a signature.

mod arguments;
mod bind;
mod callable;
mod effect;
mod executor;
mod object;
mod panics;
mod pending;
mod raise;
mod result;
mod signature;
mod support;

use std::error::Error as StdError;
use std::sync::Arc;

use serde::Serialize;
use togil_interp::Python;
use togil_interp::vm::{PyObject, PyObjectRef, PyResult};

pub use arguments::Arguments;
use callable::exception;
pub(crate) use callable::{Callable, Definition, convert};
use effect::Effect;
pub(crate) use effect::EffectKind;
pub use executor::{BoxFuture, Spawner};
pub(crate) use object::static_text;
pub(crate) use panics::message as panic_message;
pub(crate) use pending::{Pending, wait_function};
pub use raise::{ExceptionClass, Raise};
pub(crate) use raise::{Raises, original};
pub(crate) use result::Failure;
pub use result::{IntoPython, Return};
pub(crate) use signature::{Kind, Parameter, Signature, is_identifier};
pub use support::panic_exception_class;
pub(crate) use support::{payload, support};

use crate::class::make_awaitable;
use crate::error::PythonError;
use crate::value::PyHandle;

/// A Rust closure that Python can call. Cheap to clone.
///
/// ```
/// use togil::{Function, Interpreter, Module};
///
/// let scale = Function::builder("scale")
///     .doc("Scale a size.")
///     .arg("size")
///     .arg_default("factor", 2)
///     .build(|(size, factor): (i64, i64)| size * factor);
/// let module = Module::builder("app").function(scale).build()?;
/// let interpreter = Interpreter::builder().module(module).build()?;
/// interpreter.attach(|py| {
///     let scope = py.new_scope_with_builtins();
///     let source = "import app; assert app.scale(21) == app.scale(14, factor=3) == 42";
///     py.run_string(scope, source, "<example>").expect("the script runs");
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Function {
    /// An error of the builder's is reported by whoever lends the function.
    definition: Result<Arc<Definition>, String>,
    name: String,
}

impl Function {
    /// Starts to describe a function.
    pub fn builder(name: impl Into<String>) -> FunctionBuilder {
        FunctionBuilder {
            name: name.into(),
            doc: String::new(),
            parameters: Vec::new(),
            raises: Raises::default(),
            spawner: None,
            effect: Effect::default(),
        }
    }

    /// A function whose arguments are given by position and have no names.
    pub fn new<A, R, VR, F>(name: impl Into<String>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        Self::builder(name).build(f)
    }

    /// The name by which Python knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn definition(&self) -> Result<&Arc<Definition>, &str> {
        self.definition.as_ref().map_err(String::as_str)
    }

    /// Makes the Python object, to hand it to a script as a callback for instance.
    ///
    /// # Errors
    /// [`PythonError`] if the parameters make no signature, or a default cannot be converted.
    pub fn to_python(&self, py: Python<'_>) -> Result<PyHandle, PythonError> {
        let made = self.make(py, "togil");
        made.map(|object| PyHandle::new(py, object)).map_err(|error| PythonError::new(py, error))
    }

    pub(crate) fn make(&self, py: Python<'_>, module: &str) -> PyResult {
        match &self.definition {
            Ok(definition) => object::make(py, Callable::new(py, definition.clone())?, module),
            Err(error) => Err(py.new_type_error(error.clone())),
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({})", self.name)
    }
}

/// Describes a [`Function`]: its parameters in the order of Python's `def`, then a closure that takes
/// as many arguments in a tuple.
///
/// With no parameters described, those of the closure are given by position.
#[must_use]
pub struct FunctionBuilder {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) raises: Raises,
    pub(crate) spawner: Option<Spawner>,
    pub(crate) effect: Effect,
}

impl FunctionBuilder {
    /// What `help` and `__doc__` say.
    pub fn doc(mut self, doc: impl Into<String>) -> Self {
        self.doc = doc.into();
        self
    }

    fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A parameter given by position or by name.
    pub fn arg(self, name: impl Into<String>) -> Self {
        self.parameter(Parameter::required(name, Kind::Any))
    }

    /// The same with a default. It is converted once; a closure gets its own copy.
    pub fn arg_default<D>(self, name: impl Into<String>, default: D) -> Self
    where
        D: Serialize + Send + Sync + 'static,
    {
        self.parameter(Parameter::optional(name, Kind::Any, default))
    }

    /// A parameter that can be given by position only: `a` in `def f(a, /)`.
    pub fn positional_only(self, name: impl Into<String>) -> Self {
        self.parameter(Parameter::required(name, Kind::PositionalOnly))
    }

    /// The same with a default.
    pub fn positional_only_default<D>(self, name: impl Into<String>, default: D) -> Self
    where
        D: Serialize + Send + Sync + 'static,
    {
        self.parameter(Parameter::optional(name, Kind::PositionalOnly, default))
    }

    /// A parameter that can be given by name only: `a` in `def f(*, a)`.
    pub fn kwonly(self, name: impl Into<String>) -> Self {
        self.parameter(Parameter::required(name, Kind::KeywordOnly))
    }

    /// The same with a default.
    pub fn kwonly_default<D>(self, name: impl Into<String>, default: D) -> Self
    where
        D: Serialize + Send + Sync + 'static,
    {
        self.parameter(Parameter::optional(name, Kind::KeywordOnly, default))
    }

    /// `*name`: takes the rest of the positional arguments. A `Vec` for the closure.
    pub fn var_args(self, name: impl Into<String>) -> Self {
        self.parameter(Parameter::required(name, Kind::VarArgs))
    }

    /// `**name`: takes the rest of the keyword arguments. A map or a struct for the closure.
    pub fn var_kwargs(self, name: impl Into<String>) -> Self {
        self.parameter(Parameter::required(name, Kind::VarKwargs))
    }

    /// The class of the exceptions that the closure's errors become. Without it they become
    /// `RuntimeError`, and an [`std::io::Error`] becomes an `OSError`.
    pub fn raises(mut self, class: ExceptionClass) -> Self {
        self.raises.default = Some(class);
        self
    }

    /// Chooses the class for errors of one type, causes included.
    pub fn raises_by<E: StdError + 'static>(
        mut self,
        choose: impl Fn(&E) -> ExceptionClass + Send + Sync + 'static,
    ) -> Self {
        let choose = move |error: &(dyn StdError + 'static)| error.downcast_ref().map(&choose);
        self.raises.choices.push(Arc::new(choose));
        self
    }

    /// For `togil race` and [`race::explore`](crate::race::explore): the closure touches nothing that another call
    /// of Rust code touches, besides the value of its own object if it is a method. Without that any two calls
    /// count as dependent if one may change what the other reads, and both orders are explored. Objects that it gets
    /// as arguments count as its own.
    pub fn isolated(mut self) -> Self {
        self.effect.isolated = true;
        self
    }

    /// Ends the description with the closure. It runs attached: long work belongs into
    /// [`Python::detach`], see [`build_with_py`](Self::build_with_py).
    pub fn build<A, R, VR, F>(self, f: F) -> Function
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        self.build_with_py(move |_, args| f(args))
    }

    /// Ends the description with a closure that gets the token, too: to detach, and to call
    /// Python. A Python exception that it returns is raised as it is.
    pub fn build_with_py<A, R, VR, F>(self, f: F) -> Function
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(Python<'_>, A) -> R + Send + Sync + 'static,
    {
        let name = self.name.clone();
        let definition = self.define(None, A::COUNT, move |py, _, values| {
            f(py, convert(py, &values)?).into_result(py)
        });
        Function { definition: definition.map(Arc::new), name }
    }

    /// What drives the future of [`build_async`](Self::build_async), if not the thread that
    /// [`Spawner::default`] stands for.
    pub fn spawner(mut self, spawner: Spawner) -> Self {
        self.spawner = Some(spawner);
        self
    }

    /// Ends the description with an async closure: `|(url,): (String,)| async move { ... }`.
    ///
    /// A call returns an awaitable. Awaited under asyncio, the future runs elsewhere (see
    /// [`Spawner`]) and the event loop goes on; it is dropped when the awaiting task is cancelled.
    /// In code that is not async, `app.fetch(url).result(timeout=5)` waits for it, detached.
    /// Nothing runs before either of them.
    ///
    /// ```
    /// use togil::{Function, Interpreter, Module};
    ///
    /// let double = Function::builder("double").arg("n").build_async(|(n,): (i64,)| async move { 2 * n });
    /// let module = Module::builder("app").function(double).build()?;
    /// let interpreter = Interpreter::builder().module(module).build()?;
    /// interpreter.attach(|py| {
    ///     let scope = py.new_scope_with_builtins();
    ///     let source = "
    /// import app, asyncio
    /// async def main():
    ///     return await app.double(21)
    /// assert asyncio.run(main()) == app.double(n=21).result() == 42";
    ///     py.run_string(scope, source, "<example>").expect("the script runs");
    /// });
    /// # interpreter.finalize(None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_async<A, W, R, VR, F>(self, f: F) -> Function
    where
        A: Arguments,
        W: Future<Output = R> + Send + 'static,
        R: Return<VR> + Send + 'static,
        VR: 'static,
        F: Fn(A) -> W + Send + Sync + 'static,
    {
        let spawner = self.spawner.clone().unwrap_or_default();
        let (name, raises) = (self.name.clone(), self.raises.clone());
        let qualname = name.clone();
        let definition = self.define(None, A::COUNT, move |py, _, values| {
            let work = f(convert(py, &values)?);
            let (qualname, raises) = (qualname.clone(), raises.clone());
            let work = async move {
                let result = work.await;
                let outcome: pending::Outcome = Box::new(move |py| {
                    result
                        .into_result(py)
                        .map_err(|failure| exception(py, &qualname, |_| "", &raises, failure))
                });
                outcome
            };
            make_awaitable(py, Pending::new(Box::pin(work), spawner.clone()))
        });
        Function { definition: definition.map(Arc::new), name }
    }

    /// `class` for a method of it.
    pub(crate) fn define(
        mut self,
        class: Option<&str>,
        count: usize,
        invoke: impl Fn(Python<'_>, Option<&PyObject>, Vec<PyObjectRef>) -> Result<PyObjectRef, Failure>
        + Send
        + Sync
        + 'static,
    ) -> Result<Definition, String> {
        if self.parameters.is_empty() {
            let unnamed = |i| Parameter::required(format!("arg{i}"), Kind::PositionalOnly);
            self.parameters = (1..=count).map(unnamed).collect();
        }
        let Self { name, doc, parameters, raises, spawner: _, effect } = self;
        if !is_identifier(&name) {
            return Err(format!("`{name}` is no name for a function"));
        }
        let qualname = class.map_or_else(|| name.clone(), |class| format!("{class}.{name}"));
        let signature = Signature { qualname, parameters, method: class.is_some() };
        signature.check(count).map_err(|what| format!("{}(): {what}", signature.qualname))?;
        Ok(Definition { name, doc, signature, raises, effect, invoke: Box::new(invoke) })
    }
}

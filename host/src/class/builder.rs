//! Describing a class.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::{PyObject, PyObjectRef};

use super::definition::{AnyClass, ClassDefinition, Property};
use super::object::{BorrowError, HostObject, cell};
use crate::error::PythonError;
use crate::function::{
    Arguments, EffectKind, ExceptionClass, Failure, Function, FunctionBuilder, Raise, Return,
    convert, is_identifier,
};

/// A Python class whose objects are Rust values of the type `T`. Cheap to clone.
///
/// ```
/// use togil::{Class, Function, Interpreter, Module};
///
/// struct Counter {
///     value: i64,
/// }
///
/// let class = Class::<Counter>::builder("Counter")
///     .doc("Counts.")
///     .init(Function::builder("__init__").arg_default("start", 0), |(start,): (i64,)| {
///         Counter { value: start }
///     })
///     .method_mut(Function::builder("inc").arg_default("by", 1), |this, (by,): (i64,)| {
///         this.value += by;
///         this.value
///     })
///     .property("value", |this| this.value)
///     .repr(|this| format!("Counter({})", this.value))
///     .build();
/// let module = Module::builder("app").class(class).build()?;
/// let interpreter = Interpreter::builder().module(module).build()?;
/// interpreter.attach(|py| {
///     let scope = py.new_scope_with_builtins();
///     let source = "import app; c = app.Counter(40); c.inc(by=2); assert repr(c) == 'Counter(42)'";
///     py.run_string(scope, source, "<example>").expect("the script runs");
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Class<T>(AnyClass, PhantomData<fn() -> T>);

impl<T: Send + Sync + 'static> Class<T> {
    /// Starts to describe a class.
    pub fn builder(name: impl Into<String>) -> ClassBuilder<T> {
        let name = name.into();
        let error = (!is_identifier(&name)).then(|| format!("`{name}` is no name for a class"));
        let definition = ClassDefinition {
            name,
            doc: String::new(),
            value: TypeId::of::<T>(),
            methods: Vec::new(),
            functions: Vec::new(),
            properties: Vec::new(),
            error,
        };
        ClassBuilder { definition, value: PhantomData }
    }
}

impl<T> Clone for Class<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> From<Class<T>> for AnyClass {
    fn from(class: Class<T>) -> Self {
        class.0
    }
}

impl From<&str> for FunctionBuilder {
    fn from(name: &str) -> Self {
        Function::builder(name)
    }
}

impl From<String> for FunctionBuilder {
    fn from(name: String) -> Self {
        Function::builder(name)
    }
}

/// What a constructor returns: a `T`, or a `Result` of one.
pub trait Construct<T, Via> {
    #[doc(hidden)]
    fn construct(self) -> Result<T, Raise>;
}

/// A plain value.
pub enum Always {}
/// A result.
pub enum Perhaps {}

impl<T> Construct<T, Always> for T {
    fn construct(self) -> Result<T, Raise> {
        Ok(self)
    }
}

impl<T, E: Into<Raise>> Construct<T, Perhaps> for Result<T, E> {
    fn construct(self) -> Result<T, Raise> {
        self.map_err(Into::into)
    }
}

/// Describes a [`Class`]. Scripts may derive from it.
///
/// A method is described by its name alone, or by a [`FunctionBuilder`] with parameters and a doc
/// string.
///
/// Where threads are explored (`togil race`, [`race::explore`](crate::race::explore)) a property, `repr`, `len`, `hash`
/// and `getitem` read their object, and a method whose closure takes a `&mut T` changes it; calls that change different
/// objects are independent. One whose closure takes a `&T` may change anything, unless it is
/// [`isolated`](FunctionBuilder::isolated).
///
/// Methods whose closure takes a `&T` may run on several threads at once; one that takes a
/// `&mut T` raises `RuntimeError: Already borrowed` while another runs, as in PyO3.
#[must_use]
pub struct ClassBuilder<T> {
    pub(super) definition: ClassDefinition,
    value: PhantomData<fn() -> T>,
}

/// A failed borrow is the script's error.
pub(super) fn borrow_failure(error: BorrowError) -> Failure {
    let class = match error {
        BorrowError::OtherClass { .. } => ExceptionClass::TypeError,
        _ => ExceptionClass::RuntimeError,
    };
    Failure::Raise(Raise::new(class, error))
}

/// Runs `f` with the value of the object that a method belongs to.
fn with<T: Send + Sync + 'static, R>(
    receiver: Option<&PyObject>,
    f: impl FnOnce(&T) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let cell = receiver_cell::<T>(receiver)?;
    let guard = cell.try_read_recursive();
    f(&*guard.ok_or(BorrowError::MutablyBorrowed).map_err(borrow_failure)?)
}

fn with_mut<T: Send + Sync + 'static, R>(
    receiver: Option<&PyObject>,
    f: impl FnOnce(&mut T) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let guard = receiver_cell::<T>(receiver)?.try_write();
    f(&mut *guard.ok_or(BorrowError::Borrowed).map_err(borrow_failure)?)
}

fn receiver_cell<T: Send + Sync + 'static>(
    receiver: Option<&PyObject>,
) -> Result<&parking_lot::RwLock<T>, Failure> {
    let receiver = receiver.expect("a method is called with its object");
    cell::<T>(receiver).map_err(borrow_failure)
}

impl<T: Send + Sync + 'static> ClassBuilder<T> {
    /// What `help` and `__doc__` say.
    pub fn doc(mut self, doc: impl Into<String>) -> Self {
        self.definition.doc = doc.into();
        self
    }

    /// Ends the description. What is wrong with it, the module's builder says.
    pub fn build(self) -> Class<T> {
        Class(AnyClass(Arc::new(self.definition)), PhantomData)
    }

    pub(super) fn define(
        &mut self,
        function: FunctionBuilder,
        count: usize,
        invoke: impl Fn(Python<'_>, Option<&PyObject>, Vec<PyObjectRef>) -> Result<PyObjectRef, Failure>
        + Send
        + Sync
        + 'static,
    ) -> Option<Arc<crate::function::Definition>> {
        match function.define(Some(&self.definition.name), count, invoke) {
            Ok(definition) => Some(Arc::new(definition)),
            Err(error) => {
                self.definition.error.get_or_insert(error);
                None
            }
        }
    }

    pub(super) fn add(
        mut self,
        function: FunctionBuilder,
        count: usize,
        invoke: impl Fn(Python<'_>, Option<&PyObject>, Vec<PyObjectRef>) -> Result<PyObjectRef, Failure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        if let Some(definition) = self.define(function, count, invoke) {
            if self.definition.methods.iter().any(|other| other.name == definition.name) {
                let error = format!("{} is there twice", definition.signature.qualname);
                self.definition.error.get_or_insert(error);
            }
            self.definition.methods.push(definition);
        }
        self
    }

    /// How scripts make an object: `__init__`. Without it they cannot, and objects come from
    /// [`New`](super::New) and [`Instance::new`](super::Instance::new) only.
    pub fn init<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Construct<T, VR>,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        let mut function = function.into();
        function.name = "__init__".into();
        self.add(function, A::COUNT, move |py, receiver, values| {
            let value = f(convert(py, &values)?).construct().map_err(Failure::Raise)?;
            let receiver = receiver.and_then(|receiver| receiver.downcast_ref::<HostObject>());
            if !receiver.is_some_and(|receiver| receiver.fill(value)) {
                let text = "__init__() was called before; make a new object";
                return Err(Failure::Raise(Raise::new(ExceptionClass::RuntimeError, text)));
            }
            Ok(py.ctx.none())
        })
    }

    /// A method.
    pub fn method<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(&T, A) -> R + Send + Sync + 'static,
    {
        self.method_with_py(function, move |_, this, args| f(this, args))
    }

    /// A method that only reads.
    fn reader<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(&T, A) -> R + Send + Sync + 'static,
    {
        let mut function = function.into();
        function.effect.kind = EffectKind::Reads;
        self.method(function, f)
    }

    /// A method that gets the token, too: to detach, and to call Python.
    pub fn method_with_py<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(Python<'_>, &T, A) -> R + Send + Sync + 'static,
    {
        self.add(function.into(), A::COUNT, move |py, receiver, values| {
            let args = convert(py, &values)?;
            with(receiver, |this| f(py, this, args).into_result(py))
        })
    }

    /// A method that changes the object.
    pub fn method_mut<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(&mut T, A) -> R + Send + Sync + 'static,
    {
        self.method_mut_with_py(function, move |_, this, args| f(this, args))
    }

    /// A method that changes the object, and gets the token.
    pub fn method_mut_with_py<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(Python<'_>, &mut T, A) -> R + Send + Sync + 'static,
    {
        let mut function = function.into();
        function.effect.kind = EffectKind::Changes;
        self.add(function, A::COUNT, move |py, receiver, values| {
            let args = convert(py, &values)?;
            with_mut(receiver, |this| f(py, this, args).into_result(py))
        })
    }

    /// A static method.
    pub fn function(mut self, function: Function) -> Self {
        self.definition.functions.push(function);
        self
    }

    /// A property that can be read.
    pub fn property<R, VR, F>(mut self, function: impl Into<FunctionBuilder>, get: F) -> Self
    where
        R: Return<VR>,
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        let get = self.getter(function.into(), get);
        self.definition.properties.extend(get.map(|get| Property { get, set: None }));
        self
    }

    /// A property that can be read and assigned to.
    pub fn property_mut<R, VR, V, S, VS, G, F>(
        mut self,
        function: impl Into<FunctionBuilder>,
        get: G,
        set: F,
    ) -> Self
    where
        R: Return<VR>,
        V: DeserializeOwned,
        S: Return<VS>,
        G: Fn(&T) -> R + Send + Sync + 'static,
        F: Fn(&mut T, V) -> S + Send + Sync + 'static,
    {
        let function = function.into();
        let mut setter = Function::builder(function.name.clone()).positional_only("value");
        setter.raises = function.raises.clone();
        setter.effect = function.effect;
        setter.effect.kind = EffectKind::Changes;
        setter.effect.is_property = true;
        let get = self.getter(function, get);
        let set = self.define(setter, 1, move |py, receiver, values| {
            let (value,) = convert::<(V,)>(py, &values)?;
            with_mut(receiver, |this| set(this, value).into_result(py))
        });
        self.definition.properties.extend(get.map(|get| Property { get, set }));
        self
    }

    fn getter<R, VR, F>(
        &mut self,
        mut function: FunctionBuilder,
        get: F,
    ) -> Option<Arc<crate::function::Definition>>
    where
        R: Return<VR>,
        F: Fn(&T) -> R + Send + Sync + 'static,
    {
        function.effect.kind = EffectKind::Reads;
        function.effect.is_property = true;
        self.define(function, 0, move |py, receiver, _| {
            with(receiver, |this| get(this).into_result(py))
        })
    }

    /// `repr(object)`.
    pub fn repr(self, f: impl Fn(&T) -> String + Send + Sync + 'static) -> Self {
        self.reader("__repr__", move |this, (): ()| f(this))
    }

    /// `len(object)`.
    pub fn len(self, f: impl Fn(&T) -> usize + Send + Sync + 'static) -> Self {
        self.reader("__len__", move |this, (): ()| f(this))
    }

    /// `object[key]`.
    pub fn getitem<K, R, VR, F>(self, f: F) -> Self
    where
        K: DeserializeOwned,
        R: Return<VR>,
        F: Fn(&T, K) -> R + Send + Sync + 'static,
    {
        let function = Function::builder("__getitem__").positional_only("key");
        self.reader::<(K,), _, _, _>(function, move |this, (key,)| f(this, key))
    }

    /// `object == other`, for another object of the class.
    pub fn eq(self, f: impl Fn(&T, &T) -> bool + Send + Sync + 'static) -> Self {
        let mut function = Function::builder("__eq__").positional_only("other");
        function.effect.kind = EffectKind::Reads;
        self.add(function, 1, move |py, receiver, values| {
            let Ok(other) = cell::<T>(&values[0]) else { return Ok(py.ctx.not_implemented()) };
            let other = other.try_read_recursive().ok_or(BorrowError::MutablyBorrowed);
            let other = other.map_err(borrow_failure)?;
            with(receiver, |this| Ok(py.ctx.new_bool(f(this, &other)).into()))
        })
    }

    /// `hash(object)`. To be given with [`eq`](Self::eq): equal objects have the same.
    pub fn hash(self, f: impl Fn(&T) -> u64 + Send + Sync + 'static) -> Self {
        self.reader("__hash__", move |this, (): ()| f(this).cast_signed())
    }

    /// `object(...)`.
    pub fn call<A, R, VR, F>(self, function: impl Into<FunctionBuilder>, f: F) -> Self
    where
        A: Arguments,
        R: Return<VR>,
        F: Fn(&T, A) -> R + Send + Sync + 'static,
    {
        let mut function = function.into();
        function.name = "__call__".into();
        self.method(function, f)
    }

    /// `with object:`. `exit` gets the exception that leaves the block, if one does, and says whether
    /// it ends there. The value of `with ... as` is the object.
    pub fn context_manager<R, VR, X, VX, F, G>(self, enter: F, exit: G) -> Self
    where
        R: Return<VR>,
        X: Return<VX>,
        F: Fn(&T) -> R + Send + Sync + 'static,
        G: Fn(&T, Option<PythonError>) -> X + Send + Sync + 'static,
    {
        let this = self.add(Function::builder("__enter__"), 0, move |py, receiver, _| {
            with(receiver, |this| enter(this).into_result(py))?;
            Ok(receiver.map_or_else(|| py.ctx.none(), ToOwned::to_owned))
        });
        let function = Function::builder("__exit__")
            .positional_only("type")
            .positional_only("value")
            .positional_only("traceback");
        this.add(function, 3, move |py, receiver, values| {
            let error = values[1].clone().downcast().ok();
            let error = error.map(|error| PythonError::new(py, error));
            with(receiver, |this| exit(this, error).into_result(py))
        })
    }
}

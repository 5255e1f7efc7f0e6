//! Objects of host classes, seen from Rust.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use parking_lot::{RwLockReadGuard, RwLockWriteGuard};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use togil_interp::Python;
use togil_interp::vm::AsObject;

use super::object::{BorrowError, HostObject, cell};
use crate::function::support;
use crate::value::{ConversionError, PyHandle};

/// A Python object of the class that was made for `T`. As an argument of a host function it gives
/// access to the value; as a result it is that very object. May be kept, on any thread.
pub struct Instance<T> {
    object: PyHandle,
    value: PhantomData<fn() -> T>,
}

/// A value that becomes an object of its class when a host function returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct New<T>(pub T);

impl<T: Send + Sync + 'static> Instance<T> {
    /// Makes an object.
    ///
    /// # Errors
    /// [`ConversionError`] if the module with the class for `T` has not been imported in this
    /// interpreter.
    pub fn new(py: Python<'_>, value: T) -> Result<Self, ConversionError> {
        let failed = |what: String| ConversionError::new(what);
        let support = support(py).map_err(|error| failed(error.class().name().to_string()))?;
        let class = support.classes.lock().get(&TypeId::of::<T>()).cloned();
        let Some(class) = class else {
            let name = std::any::type_name::<T>();
            return Err(failed(format!(
                "no class for {name} in this interpreter: import the module that defines it"
            )));
        };
        let object = HostObject::with(py, class, value);
        Ok(Self { object: PyHandle::new(py, object), value: PhantomData })
    }

    /// The Python object.
    pub fn object(&self) -> &PyHandle {
        &self.object
    }

    /// The value.
    ///
    /// # Panics
    /// Where [`try_borrow`](Self::try_borrow) fails.
    pub fn borrow(&self) -> RwLockReadGuard<'_, T> {
        self.try_borrow().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The value, unless it is being changed.
    ///
    /// # Errors
    /// [`BorrowError::MutablyBorrowed`]. There is no waiting: a thread that waits while it is
    /// attached holds up all others.
    pub fn try_borrow(&self) -> Result<RwLockReadGuard<'_, T>, BorrowError> {
        let cell = cell::<T>(self.object.object())?;
        cell.try_read_recursive().ok_or(BorrowError::MutablyBorrowed)
    }

    /// The value, to change it.
    ///
    /// # Panics
    /// Where [`try_borrow_mut`](Self::try_borrow_mut) fails.
    pub fn borrow_mut(&self) -> RwLockWriteGuard<'_, T> {
        self.try_borrow_mut().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The value to change it, unless somebody looks at it.
    ///
    /// # Errors
    /// [`BorrowError::Borrowed`].
    pub fn try_borrow_mut(&self) -> Result<RwLockWriteGuard<'_, T>, BorrowError> {
        cell::<T>(self.object.object())?.try_write().ok_or(BorrowError::Borrowed)
    }
}

impl<T> Clone for Instance<T> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), value: PhantomData }
    }
}

impl<T> fmt::Debug for Instance<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instance").field(&self.object).finish()
    }
}

/// As a [`PyHandle`]: only for [`to_python`](crate::to_python).
impl<T> Serialize for Instance<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object.serialize(serializer)
    }
}

/// As a [`PyHandle`], if the object is one of the class for `T`: only for
/// [`from_python`](crate::from_python).
impl<'de, T: Send + Sync + 'static> Deserialize<'de> for Instance<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = PyHandle::deserialize(deserializer)?;
        cell::<T>(object.object()).map_err(serde::de::Error::custom)?;
        Ok(Self { object, value: PhantomData })
    }
}

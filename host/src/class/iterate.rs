//! `for item in object`.

use togil_interp::Python;
use togil_interp::vm::PyObjectRef;

use super::builder::{Class, ClassBuilder};
use super::definition::{AnyClass, make_once};
use super::object::HostObject;
use crate::function::{Failure, Function, Raise, Return, support};

/// What a host class's `__iter__` returns: a Rust iterator.
pub(crate) struct Items(Box<NextItem>);

/// Gives the next item; `None` at the end.
type NextItem = dyn FnMut(Python<'_>) -> Option<Result<PyObjectRef, Failure>> + Send;

/// Only ever used through `&mut`, behind the object's lock; so nothing is shared.
struct Exclusive(parking_lot::Mutex<Items>);

fn stop(py: Python<'_>) -> Failure {
    let class = py.ctx.exceptions.stop_iteration.to_owned();
    Failure::Raise(Raise::exception(py.new_exception_empty(class)))
}

/// The class of these iterators.
fn class() -> AnyClass {
    let class = Class::<Exclusive>::builder("iterator");
    let class = class.add(Function::builder("__iter__"), 0, |py, receiver, _| {
        Ok(receiver.map_or_else(|| py.ctx.none(), ToOwned::to_owned))
    });
    let class = class.method_mut_with_py("__next__", |py, items: &mut Exclusive, (): ()| {
        let next = (items.0.get_mut().0)(py);
        Next(next.unwrap_or_else(|| Err(stop(py))))
    });
    class.build().into()
}

/// A result that is made already.
struct Next(Result<PyObjectRef, Failure>);

/// Its own way.
enum ViaNext {}

impl Return<ViaNext> for Next {
    fn into_result(self, _py: Python<'_>) -> Result<PyObjectRef, Failure> {
        self.0
    }
}

fn make(py: Python<'_>, items: Items) -> Result<PyObjectRef, Failure> {
    let raise = |error| Failure::Raise(Raise::exception(error));
    let support = support(py).map_err(raise)?;
    let class = make_once(py, &support.iterator, class).map_err(raise)?;
    Ok(HostObject::with(py, class, Exclusive(parking_lot::Mutex::new(items))))
}

impl<T: Send + Sync + 'static> ClassBuilder<T> {
    /// `iter(object)`: a Rust iterator, which must own what it goes through. Its items may be
    /// `Result`s; an error is raised, and the iteration may go on.
    pub fn iter<I, V, F>(self, f: F) -> Self
    where
        I: Iterator<Item: Return<V>> + Send + 'static,
        V: 'static,
        F: Fn(&T) -> I + Send + Sync + 'static,
    {
        self.method_with_py("__iter__", move |py, this, (): ()| {
            let mut items = f(this);
            let next = move |py: Python<'_>| items.next().map(|item| item.into_result(py));
            Next(make(py, Items(Box::new(next))))
        })
    }

    /// `next(object)`, for a class that is an iterator itself: `None` ends it.
    pub fn next<R, V, F>(self, f: F) -> Self
    where
        R: Return<V>,
        F: Fn(&mut T) -> Option<R> + Send + Sync + 'static,
    {
        let this = self.add(Function::builder("__iter__"), 0, |py, receiver, _| {
            Ok(receiver.map_or_else(|| py.ctx.none(), ToOwned::to_owned))
        });
        this.method_mut_with_py("__next__", move |py, this, (): ()| {
            Next(f(this).map_or_else(|| Err(stop(py)), |item| item.into_result(py)))
        })
    }
}

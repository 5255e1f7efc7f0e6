//! What a call of Rust code touches, as far as threads that are explored can tell.

use togil_interp::Python;
use togil_interp::race::{Touch, access_outside, call_outside, is_exploring};
use togil_interp::vm::{AsObject, PyObject, PyObjectRef, PyResult};

use crate::class::HostObject;

/// What a closure does to what it may share with others: the value of its object, if it is a method, and the rest
/// of the host, which may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Effect {
    pub(crate) kind: EffectKind,
    /// It touches nothing but the value of its object.
    pub(crate) isolated: bool,
    /// It is a getter or a setter.
    pub(crate) is_property: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EffectKind {
    /// Nobody knows. A closure that gets a `&T` may change what it holds by a lock or an atomic, and hold it together
    /// with others.
    #[default]
    Anything,
    /// It changes its value, to which it has a `&mut T`, and may read the rest.
    Changes,
    /// It reads.
    Reads,
}

impl Effect {
    /// Announces a call. Objects of host classes among the arguments are touched as the closure touches its own.
    ///
    /// # Errors
    /// What unwinds a thread whose execution is over.
    #[inline]
    pub(super) fn announce(
        self,
        py: Python<'_>,
        receiver: Option<&PyObject>,
        arguments: &[PyObjectRef],
    ) -> PyResult<()> {
        if is_exploring() { self.announce_to_lab(py, receiver, arguments) } else { Ok(()) }
    }

    fn announce_to_lab(
        self,
        py: Python<'_>,
        receiver: Option<&PyObject>,
        arguments: &[PyObjectRef],
    ) -> PyResult<()> {
        let (own, rest): (fn(_) -> _, _) = match self.kind {
            EffectKind::Anything => (Touch::changes, Touch::ANYTHING),
            EffectKind::Changes => (Touch::changes, Touch::READS_ANYTHING),
            EffectKind::Reads => (Touch::reads, Touch::READS_ANYTHING),
        };
        let arguments = arguments.iter().map(|argument| argument.as_object());
        let arguments = arguments.filter(|argument| argument.downcastable::<HostObject>());
        let touched = receiver.into_iter().chain(arguments).map(own);
        let touched: Vec<_> = touched.chain((!self.isolated).then_some(rest)).collect();
        if self.is_property {
            return access_outside(py.vm(), &touched);
        }
        call_outside(py.vm(), &touched)
    }
}

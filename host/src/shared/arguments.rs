//! Arguments of the module's functions.

use std::ops::RangeInclusive;
use std::time::Duration;

use togil_interp::vm::function::{ArgumentError, FromArgs, FuncArgs, TimeoutSeconds};
use togil_interp::vm::{PyObject, PyResult, TryFromObject, VirtualMachine};

/// `timeout=None`: seconds, or for ever.
pub(super) struct Timeout(pub(super) Option<Duration>);

impl FromArgs for Timeout {
    fn arity() -> RangeInclusive<usize> {
        0..=1
    }

    fn from_args(vm: &VirtualMachine, args: &mut FuncArgs) -> Result<Self, ArgumentError> {
        let given = args.take_positional_keyword("timeout").filter(|given| !vm.is_none(given));
        let Some(given) = given else { return Ok(Self(None)) };
        let seconds = TimeoutSeconds::try_from_object(vm, given)?.to_secs_f64();
        if seconds < 0.0 {
            let text = format!("timeout must be None or not negative, not {seconds}");
            return Err(vm.new_value_error(text).into());
        }
        let timeout = Duration::try_from_secs_f64(seconds).map_err(|_| {
            vm.new_overflow_error(format!("timeout of {seconds} s is too large; None is for ever"))
        })?;
        Ok(Self(Some(timeout)))
    }
}

/// A Python integer of at most 64 bits.
pub(super) fn int64(object: &PyObject, vm: &VirtualMachine) -> PyResult<i64> {
    let int = object.try_index(vm)?;
    i64::try_from(int.as_bigint())
        .map_err(|_| vm.new_overflow_error("AtomicInt: the number does not fit in 64 bits"))
}

//! The exceptions that stop a job, as scripts see them: `togil.Stopped` and its kinds.

use std::sync::{Arc, OnceLock};

use togil_interp::stop::MakeException;
use togil_interp::vm::VirtualMachine;
use togil_interp::vm::builtins::PyTypeRef;

use super::StopReason;

/// The classes. They derive from `BaseException`, so that `except Exception` lets them through.
pub(crate) struct Classes {
    pub(crate) stopped: PyTypeRef,
    pub(crate) cancelled: PyTypeRef,
    pub(crate) timed_out: PyTypeRef,
    pub(crate) limit_exceeded: PyTypeRef,
}

pub(crate) fn classes(vm: &VirtualMachine) -> &'static Classes {
    static CLASSES: OnceLock<Classes> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let class = |name, base| vm.ctx.new_exception_type("togil", name, Some(vec![base]));
        let stopped = class("Stopped", vm.ctx.exceptions.base_exception_type.to_owned());
        Classes {
            cancelled: class("Cancelled", stopped.clone()),
            timed_out: class("TimedOut", stopped.clone()),
            limit_exceeded: class("LimitExceeded", stopped.clone()),
            stopped,
        }
    })
}

/// What is raised in the job that is stopped for `reason`.
pub(crate) fn maker(reason: StopReason) -> MakeException {
    Arc::new(move |vm| {
        let classes = classes(vm);
        let class = match reason {
            StopReason::Cancelled | StopReason::Shutdown => &classes.cancelled,
            StopReason::TimedOut(_) => &classes.timed_out,
            StopReason::CpuTime(_) | StopReason::Memory(_) | StopReason::Output(_) => {
                &classes.limit_exceeded
            }
        };
        vm.new_exception_msg(class.clone(), reason.to_string().into())
    })
}

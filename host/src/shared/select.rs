//! `togil.select`.

use togil_interp::vm::builtins::PyTuple;
use togil_interp::vm::{AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::arguments::Timeout;
use super::channel::{PyChannel, closed};
use super::core::channel::{self, NotReceived};
use super::wait::{timed_out, within};

pub(super) const SELECT_DOC: &str = "\
select($module, channels, /, timeout=None)\n--\n\n\
Receives from whichever channel has something: returns (channel, item).\n\n\
Looks in the order given, so the first channels have priority. Takes one item from one channel,\n\
or none. Waits while all are empty; channels that are closed and empty are skipped.\n\n\
Raises TimeoutError after timeout seconds (0: without waiting), and ChannelClosed if all are\n\
closed and empty.";

pub(super) fn select(
    channels: PyObjectRef,
    timeout: Timeout,
    vm: &VirtualMachine,
) -> PyResult<PyRef<PyTuple>> {
    let objects: Vec<PyObjectRef> = channels.try_to_value(vm)?;
    if objects.is_empty() {
        return Err(vm.new_value_error("select() needs at least one channel"));
    }
    let cores = objects.iter().enumerate().map(|(index, object)| {
        let channel = object.downcast_ref::<PyChannel>();
        channel.map(|channel| &channel.core).ok_or_else(|| {
            let class = object.class();
            let found = class.name();
            vm.new_type_error(format!("select(): channels[{index}] is a {found}, not a Channel"))
        })
    });
    let cores = cores.collect::<PyResult<Vec<_>>>()?;
    let waited: Vec<_> = objects.iter().map(|object| object.as_object()).collect();
    match channel::select(&cores, within(timeout.0, &waited, vm)?) {
        Ok((index, item)) => Ok(vm.ctx.new_tuple(vec![objects[index].clone(), item])),
        Err(NotReceived::Closed) => Err(closed("select(): all channels are closed and empty", vm)),
        Err(NotReceived::TimedOut) => Err(timed_out("select()", vm)),
        Err(NotReceived::Interrupted(error)) => Err(error),
    }
}

//! `togil.Channel`.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use togil_interp::race::{Touch, access_outside, call_outside};
use togil_interp::vm::builtins::{PyBaseExceptionRef, PyStr, PyType, PyTypeRef};
use togil_interp::vm::function::{FuncArgs, ItemDoc, PyMethodDef};
use togil_interp::vm::object::{Traverse, TraverseFn};
use togil_interp::vm::protocol::PyIterReturn;
use togil_interp::vm::types::Constructor;
use togil_interp::vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
};

use super::arguments::Timeout;
use super::class::{holds_objects, method, native_class};
use super::core::channel::{Channel, NotReceived, NotSent};
use super::wait::{timed_out, within};

/// A bounded queue of Python objects.
#[derive(Debug)]
pub(super) struct PyChannel {
    pub(super) core: Channel<PyObjectRef>,
}

native_class! {
    PyChannel, "Channel", "(capacity, /)",
    doc: "A bounded queue that threads wait on, for any number of senders and receivers.

Has room for capacity items, at least one. Items come out in the order in which they went in;
those of one sender in the order in which it sent them. Every item is received once.

Iterating receives until the channel is closed and empty. As a context manager it is
closed at the end. All methods are atomic, select() too: it takes one item or none.",
    methods: METHODS,
    attributes: [
        ("capacity", |channel: PyRef<PyChannel>, _: &VirtualMachine| {
            channel.core.capacity().get()
        }, "How many items there is room for."),
        ("closed", |channel: PyRef<PyChannel>, vm: &VirtualMachine| -> PyResult<bool> {
            access_outside(vm, &[Touch::reads(channel.as_object())])?;
            Ok(channel.core.is_closed())
        }, "Whether it was closed. There may be items left to receive."),
    ],
    flags: [BASETYPE],
    slots: |slots| {
        slots.new.store(Some(PyChannel::slot_new));
        slots.repr.store(Some(repr));
        slots.iter.store(Some(|channel, _| Ok(channel)));
        slots.iternext.store(Some(next));
    },
}

const METHODS: &[PyMethodDef] = &[
    method(
        "send",
        PyChannel::send,
        "send($self, item, /, timeout=None)\n--\n\nPuts an item in. Waits while there is no room.\n\n\
         Raises TimeoutError after timeout seconds (0: without waiting), and ChannelClosed if the\n\
         channel is or gets closed. Then the item was not sent.",
    ),
    method(
        "recv",
        PyChannel::recv,
        "recv($self, /, timeout=None)\n--\n\nTakes the first item out. Waits while there is none.\n\n\
         Raises TimeoutError after timeout seconds (0: without waiting), and ChannelClosed if the\n\
         channel is closed and empty.",
    ),
    method(
        "close",
        PyChannel::close,
        "close($self, /)\n--\n\nLets no more items in, and wakes all who wait. \
         Closing again has no effect.\n\nWhat is in the channel can still be received.",
    ),
    method(
        "qsize",
        PyChannel::qsize,
        "qsize($self, /)\n--\n\nHow many items are in it at this moment.",
    ),
    method("__enter__", PyChannel::enter, "__enter__($self, /)\n--\n\nReturns the channel."),
    method("__exit__", PyChannel::exit, "__exit__($self, /, *args)\n--\n\nCloses the channel."),
];

/// The class of the exception that a closed channel raises.
pub(super) fn closed_error() -> PyTypeRef {
    static CLASS: OnceLock<PyTypeRef> = OnceLock::new();
    let class = CLASS.get_or_init(|| {
        let doc =
            ItemDoc::static_text("The channel is closed: nothing can be sent, or nothing is left.");
        let class =
            Context::genesis().new_exception_type_with_doc("togil", "ChannelClosed", None, doc);
        // As a static type: shared by all interpreters of the process.
        class.as_object().make_immortal();
        class
    });
    class.clone()
}

pub(super) fn closed(what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_exception_msg(closed_error(), what.into())
}

impl PyChannel {
    fn send(
        zelf: &Py<Self>,
        item: PyObjectRef,
        timeout: Timeout,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        // The item comes back with the error, and is dropped here, with no lock held.
        zelf.core.send(item, within(timeout.0, &[zelf.as_object()], vm)?).map_err(|error| {
            match error {
                NotSent::Closed(_) => closed("send() on a closed channel", vm),
                NotSent::TimedOut(_) => timed_out("send()", vm),
                NotSent::Interrupted(_, error) => error,
            }
        })
    }

    fn recv(zelf: &Py<Self>, timeout: Timeout, vm: &VirtualMachine) -> PyResult {
        zelf.core.recv(within(timeout.0, &[zelf.as_object()], vm)?).map_err(|error| match error {
            NotReceived::Closed => closed("recv() on a channel that is closed and empty", vm),
            NotReceived::TimedOut => timed_out("recv()", vm),
            NotReceived::Interrupted(error) => error,
        })
    }

    fn close(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        call_outside(vm, &[Touch::changes(zelf.as_object())])?;
        zelf.core.close();
        Ok(())
    }

    fn qsize(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<usize> {
        call_outside(vm, &[Touch::reads(zelf.as_object())])?;
        Ok(zelf.core.len())
    }

    fn enter(zelf: PyRef<Self>, _: &VirtualMachine) -> PyRef<Self> {
        zelf
    }

    fn exit(zelf: &Py<Self>, _: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Self::close(zelf, vm)
    }
}

fn next(channel: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    let channel = this(channel, vm)?;
    match channel.core.recv(within(None, &[channel.as_object()], vm)?) {
        Ok(item) => Ok(PyIterReturn::Return(item)),
        Err(NotReceived::Interrupted(error)) => Err(error),
        Err(NotReceived::Closed | NotReceived::TimedOut) => Ok(PyIterReturn::StopIteration(None)),
    }
}

fn this<'a>(object: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyChannel>> {
    object.downcast_ref().ok_or_else(|| vm.new_type_error("not a Channel"))
}

fn repr(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let core = &this(object, vm)?.core;
    call_outside(vm, &[Touch::reads(object)])?;
    let state = if core.is_closed() { ", closed" } else { "" };
    let (name, len, capacity) = (object.class().name(), core.len(), core.capacity());
    Ok(vm.ctx.new_str(format!("<{name} {len}/{capacity}{state}>")))
}

impl Constructor for PyChannel {
    type Args = (isize,);

    fn py_new(_: &Py<PyType>, (capacity,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
        let capacity = usize::try_from(capacity).ok().and_then(NonZeroUsize::new);
        let capacity =
            capacity.ok_or_else(|| vm.new_value_error("Channel: capacity must be at least 1"))?;
        Ok(Self { core: Channel::new(capacity) })
    }
}

// SAFETY: each stored object is shown once, and none is cloned. Items are stored and taken out by
// attached threads only, so none moves while the collector has stopped the world.
unsafe impl Traverse for PyChannel {
    fn traverse(&self, look: &mut TraverseFn<'_>) {
        self.core.for_each(|item| look(item));
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        out.extend(self.core.drain());
    }
}

holds_objects!(PyChannel);

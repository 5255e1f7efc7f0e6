//! Bytes out of objects that export a buffer.

use togil_interp::vm::builtins::PyByteArray;
use togil_interp::vm::protocol::{BufferFlags, PyBuffer};

use super::{Deserialized, FromPython};
use crate::value::ConversionError;
use crate::value::describe::describe;

/// Copies the bytes of a `bytearray`, `memoryview` or other buffer; `None` for other objects.
/// Copied, because other threads may write to it meanwhile.
pub(super) fn copy(from: FromPython<'_, '_>) -> Deserialized<Option<Vec<u8>>> {
    if let Some(array) = from.object.downcast_ref::<PyByteArray>() {
        return Ok(Some(array.borrow_buf().to_vec()));
    }
    if !from.object.check_buffer() {
        return Ok(None);
    }
    let vm = from.vm();
    let buffer = from.raised(PyBuffer::from_object(vm, from.object, BufferFlags::FULL_RO))?;
    let bytes = match buffer.desc.itemsize {
        1 => buffer.as_contiguous().map(|bytes| bytes.to_vec()),
        _ => None,
    };
    let found = || describe(vm, from.object);
    bytes.map(Some).ok_or_else(|| {
        let what = format!("expected bytes in one piece, found {}", found());
        ConversionError::new(what)
    })
}

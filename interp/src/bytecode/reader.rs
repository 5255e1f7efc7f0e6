//! From bytes to a code object.
//!
//! Reads what `marshal.dumps` writes of compiled code, into the objects that compiling makes.
//! `marshal.loads` can read it, too, but takes twice the time, for it makes an object of every name and
//! every byte string on the way; and it makes slices whose parts the VM does not find
//! (rustpython-vm 0.6.0, `borrow_obj_constant`).

use rustpython_vm::builtins::{PyCode, PyFrozenSet, PySlice};
use rustpython_vm::bytecode::{AsBag, CodeFlags, CodeObject, CodeUnits, Constant, ConstantBag};
use rustpython_vm::common::wtf8::Wtf8;
use rustpython_vm::compiler::core::OneIndexed;
use rustpython_vm::compiler::core::marshal::{
    self, FLAG_REF, MarshalError, Read, linetable_to_locations, split_localplus,
};
use rustpython_vm::{AsObject, Context, PyObjectRef, PyPayload, PyRef, VirtualMachine};

/// What the VM keeps constants in. It has no name outside of it.
type Literal = <<&'static Context as AsBag>::Bag as ConstantBag>::Constant;
type Name = <Literal as Constant>::Name;

/// Deeper than code can be nested in sources.
const DEPTH: usize = 500;

/// The code object at the start of these bytes. `None` if they are something else, or hold
/// what no compiler puts into code: that is for `marshal.loads`.
pub(super) fn read(vm: &VirtualMachine, bytes: &[u8]) -> Option<PyRef<PyCode>> {
    let value = Reader { vm, bytes, known: Vec::new() }.object(DEPTH).ok()?;
    value.downcast::<PyCode>().ok()
}

struct Reader<'a> {
    vm: &'a VirtualMachine,
    bytes: &'a [u8],
    /// What back references name, by their numbers; `None` while it is read.
    known: Vec<Option<PyObjectRef>>,
}

type Result<T> = std::result::Result<T, MarshalError>;

impl<'a> Reader<'a> {
    fn object(&mut self, depth: usize) -> Result<PyObjectRef> {
        let kind = self.bytes.read_u8()?;
        let number = (kind & FLAG_REF != 0).then(|| {
            self.known.push(None);
            self.known.len() - 1
        });
        let value = self.value(kind & !FLAG_REF, depth)?;
        if let Some(number) = number {
            self.known[number] = Some(value.clone());
        }
        Ok(value)
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<PyObjectRef> {
        let depth = depth.checked_sub(1).ok_or(MarshalError::InvalidBytecode)?;
        let ctx = &self.vm.ctx;
        Ok(match kind {
            b'N' => ctx.none(),
            b'T' => ctx.true_value.clone().into(),
            b'F' => ctx.false_value.clone().into(),
            b'.' => ctx.ellipsis.clone().into(),
            b'i' => ctx.new_int(self.bytes.read_u32()? as i32).into(),
            b'l' => ctx.new_bigint(&marshal::read_pylong(&mut self.bytes)?).into(),
            b'g' => ctx.new_float(self.float()?).into(),
            b'y' => self.complex()?,
            b'z' => self.short_text().map(|text| ctx.new_str(text).into())?,
            b'a' | b'u' => self.long_text().map(|text| ctx.new_str(text).into())?,
            b'Z' => self.short_text().map(|text| ctx.intern_str(text).to_owned().into())?,
            b'A' | b't' => self.long_text().map(|text| ctx.intern_str(text).to_owned().into())?,
            b's' => {
                let bytes = self.string()?.to_vec();
                ctx.new_bytes(bytes).into()
            }
            b')' => {
                let length = self.bytes.read_u8()?.into();
                let elements = self.objects(length, depth)?;
                ctx.new_tuple(elements).into()
            }
            b'(' => {
                let length = self.length()?;
                let elements = self.objects(length, depth)?;
                ctx.new_tuple(elements).into()
            }
            b'>' => {
                let length = self.length()?;
                let elements = self.objects(length, depth)?;
                // What is in a constant can be hashed.
                let set = PyFrozenSet::from_iter(self.vm, elements);
                set.map_err(|_| MarshalError::BadType)?.into_ref(ctx).into()
            }
            b':' => {
                let [start, stop, step] =
                    [self.object(depth)?, self.object(depth)?, self.object(depth)?];
                // As the compiler leaves it, `None` or not.
                PySlice { start: Some(start), stop, step: Some(step) }.into_ref(ctx).into()
            }
            b'c' => self.code(depth)?.into(),
            b'r' => {
                let number = self.bytes.read_u32()? as usize;
                let known = self.known.get(number).cloned().flatten();
                known.ok_or(MarshalError::InvalidRef)?
            }
            _ => return Err(MarshalError::UnknownType),
        })
    }

    fn objects(&mut self, length: usize, depth: usize) -> Result<Vec<PyObjectRef>> {
        (0..length).map(|_| self.object(depth)).collect()
    }

    /// A code object after its first byte: the fields in CPython's order.
    fn code(&mut self, depth: usize) -> Result<PyRef<PyCode>> {
        let arg_count = self.bytes.read_u32()?;
        let posonlyarg_count = self.bytes.read_u32()?;
        let kwonlyarg_count = self.bytes.read_u32()?;
        let max_stackdepth = self.bytes.read_u32()?;
        let flags = CodeFlags::from_bits_truncate(self.bytes.read_u32()?);
        let instructions = CodeUnits::try_from(self.byte_string()?)?;
        let length = self.tuple()?;
        let constants = (0..length)
            .map(|_| self.object(depth).map(Literal::from))
            .collect::<Result<Vec<_>>>()?;
        let names = self.names()?;
        let locals = self.names()?;
        let kinds = self.byte_string()?;
        let source_path = self.name()?;
        let obj_name = self.name()?;
        let qualname = self.name()?;
        let first_line = self.bytes.read_u32()? as i32;
        let linetable = self.byte_string()?;
        let exceptiontable = self.byte_string()?;
        let locals = split_localplus(&locals, kinds, arg_count, kwonlyarg_count, flags)?;
        let locations = linetable_to_locations(linetable, first_line, instructions.len());
        Ok(self.vm.ctx.new_code(CodeObject::<Literal> {
            instructions,
            locations,
            flags,
            posonlyarg_count,
            arg_count,
            kwonlyarg_count,
            source_path,
            first_line_number: usize::try_from(first_line).ok().and_then(OneIndexed::new),
            max_stackdepth,
            obj_name,
            qualname,
            constants: constants.into_iter().collect(),
            names: names.into(),
            varnames: locals.varnames.into(),
            cellvars: locals.cellvars.into(),
            freevars: locals.freevars.into(),
            localspluskinds: kinds.into(),
            linetable: linetable.into(),
            exceptiontable: exceptiontable.into(),
        }))
    }

    fn names(&mut self) -> Result<Vec<Name>> {
        let length = self.tuple()?;
        (0..length).map(|_| self.name()).collect()
    }

    /// A name, which is text that is no object of its own.
    fn name(&mut self) -> Result<Name> {
        let text = match self.bytes.read_u8()? {
            b'z' => self.short_text()?,
            b'u' => self.long_text()?,
            _ => return Err(MarshalError::BadType),
        };
        Ok(self.vm.ctx.intern_str(text))
    }

    /// The length of a tuple that is no object of its own.
    fn tuple(&mut self) -> Result<usize> {
        match self.bytes.read_u8()? {
            b'(' => self.length(),
            _ => Err(MarshalError::BadType),
        }
    }

    /// Bytes that are no object of their own.
    fn byte_string(&mut self) -> Result<&'a [u8]> {
        match self.bytes.read_u8()? {
            b's' => self.string(),
            _ => Err(MarshalError::BadType),
        }
    }

    fn string(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    fn short_text(&mut self) -> Result<&'a Wtf8> {
        let length = self.bytes.read_u8()?.into();
        self.text(length)
    }

    fn long_text(&mut self) -> Result<&'a Wtf8> {
        let length = self.length()?;
        self.text(length)
    }

    fn text(&mut self, length: usize) -> Result<&'a Wtf8> {
        Wtf8::from_bytes(self.take(length)?).ok_or(MarshalError::InvalidUtf8)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        self.bytes.split_off(..length).ok_or(MarshalError::DataTooShort)
    }

    /// A length. There is a byte at least for each element, so none is longer than what is left.
    fn length(&mut self) -> Result<usize> {
        let length = self.bytes.read_len("data")?;
        if length > self.bytes.len() { Err(MarshalError::DataTooShort) } else { Ok(length) }
    }

    fn float(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.bytes.read_u64()?))
    }

    /// The type of Rust's complex numbers is not ours to name.
    fn complex(&mut self) -> Result<PyObjectRef> {
        let (real, imaginary) = (self.float()?, self.float()?);
        let class = self.vm.ctx.types.complex_type.as_object();
        class.call((real, imaginary), self.vm).map_err(|_| MarshalError::BadType)
    }
}

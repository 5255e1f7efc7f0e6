//! The standard library that is part of the program, with an index that is made at compile time.
//!
//! The library is one piece of 8 MB: for each module its name, and its code, compressed. To find
//! the names the VM reads it from end to end, which brings most of it into memory, although a
//! script needs few modules. So the names are copied out of it when this crate is compiled.

use rustpython_pylib::FROZEN_STDLIB;
use rustpython_vm::frozen::{FrozenCodeObject, FrozenModule};

static LIBRARY: &[u8] = &FROZEN_STDLIB.bytes;

const COUNT: usize = Reader::new().count;
static MODULES: [Entry; COUNT] = index();
static NAMES: [u8; names_length()] = names();

/// Where a module is.
#[derive(Clone, Copy)]
struct Entry {
    /// In [`NAMES`].
    name: Span,
    /// In [`LIBRARY`].
    code: Span,
    package: bool,
}

#[derive(Clone, Copy)]
struct Span {
    start: usize,
    length: usize,
}

/// Reads `FrozenLib`'s format (rustpython-compiler-core 0.6.0, `frozen.rs`): a number of modules,
/// and for each its name, its code, and whether it is a package. Numbers are 32 bits, little endian,
/// and so are lengths, which come before what they measure.
struct Reader {
    bytes: &'static [u8],
    at: usize,
    count: usize,
}

impl Reader {
    const fn new() -> Self {
        let mut reader = Reader { bytes: &FROZEN_STDLIB.bytes, at: 0, count: 0 };
        reader.count = reader.number();
        reader
    }

    const fn number(&mut self) -> usize {
        let at = self.at;
        self.at += 4;
        let bytes = self.bytes;
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
    }

    const fn span(&mut self) -> Span {
        let length = self.number();
        let start = self.at;
        self.at += length;
        Span { start, length }
    }

    /// Name and code, both in the library, and whether it is a package.
    const fn module(&mut self) -> (Span, Span, bool) {
        let name = self.span();
        let code = self.span();
        let package = self.bytes[self.at] != 0;
        self.at += 1;
        (name, code, package)
    }
}

const fn index() -> [Entry; COUNT] {
    let nothing = Span { start: 0, length: 0 };
    let mut entries = [Entry { name: nothing, code: nothing, package: false }; COUNT];
    let mut reader = Reader::new();
    let (mut number, mut names) = (0, 0);
    while number < COUNT {
        let (name, code, package) = reader.module();
        entries[number] = Entry { name: Span { start: names, length: name.length }, code, package };
        names += name.length;
        number += 1;
    }
    entries
}

const fn names_length() -> usize {
    let mut reader = Reader::new();
    let (mut number, mut length) = (0, 0);
    while number < COUNT {
        length += reader.module().0.length;
        number += 1;
    }
    length
}

const fn names<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut names = [0; LENGTH];
    let mut reader = Reader::new();
    let (mut number, mut at) = (0, 0);
    while number < COUNT {
        let (name, ..) = reader.module();
        let mut offset = 0;
        while offset < name.length {
            names[at] = reader.bytes[name.start + offset];
            (at, offset) = (at + 1, offset + 1);
        }
        number += 1;
    }
    names
}

/// The modules of the standard library, by their names.
pub(crate) fn modules() -> impl Iterator<Item = (&'static str, FrozenModule)> {
    MODULES.iter().map(|entry| {
        let name = &NAMES[entry.name.start..][..entry.name.length];
        let name = str::from_utf8(name).expect("names of modules are text");
        let bytes = &LIBRARY[entry.code.start..][..entry.code.length];
        (name, FrozenModule { code: FrozenCodeObject { bytes }, package: entry.package })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_says_what_the_library_holds() {
        let known = |(name, module): (&'static str, FrozenModule)| {
            (name, module.code.bytes, module.package)
        };
        let indexed: Vec<_> = modules().map(known).collect();
        let read: Vec<_> = FROZEN_STDLIB.into_iter().map(known).collect();
        assert!(read.len() > 500, "{}", read.len());
        assert!(indexed == read);
    }
}

//! The layout of a `.pyc`: PEP 552's header, the marshalled code, and a checksum of both.
//!
//! The VM trusts its bytecode: an operand with a flipped bit makes it read what is not there. So no
//! bytecode is believed that has not been written, in full, by this version. `marshal` stops where its
//! value ends, so what reads a `.pyc` by hand does not notice the checksum.

use std::sync::LazyLock;

use rustpython_vm::common::hash::keyed_hash;
use rustpython_vm::version;

/// Counts the changes of this layout and of what is in it.
const LAYOUT: u64 = 1;

/// Magic number, flags, and either time and size of the source or its hash (PEP 552).
pub(super) const HEADER: usize = 16;
const CHECKSUM: usize = size_of::<u64>();

/// Who wrote it: the VM, and the version of its bytecode. CPython's tag names neither.
static TAG: LazyLock<String> = LazyLock::new(|| {
    use version::{MAJOR_IMPL, MICRO_IMPL, MINOR_IMPL, PYC_MAGIC_NUMBER};
    // No dot: `importlib` counts the dots of a file's name.
    format!("togil-vm{MAJOR_IMPL}_{MINOR_IMPL}_{MICRO_IMPL}-bc{PYC_MAGIC_NUMBER}")
});
static KEY: LazyLock<u64> = LazyLock::new(|| keyed_hash(LAYOUT, TAG.as_bytes()));

/// `sys.implementation.cache_tag`. Both modes run the same bytecode and have the same tag.
pub(super) fn cache_tag() -> &'static str {
    &TAG
}

/// The first four bytes. CPython's numbers have been below 4000 for 30 years; the two
/// bytes after it show when a file was treated as text.
pub(super) fn magic() -> [u8; 4] {
    let [low, high, ..] = KEY.to_le_bytes();
    [low, high | 0x80, b'\r', b'\n']
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012), which the VM takes for the hash of a source, too.
/// The key differs between versions, so what another one wrote is not believed even where the
/// magic numbers happen to be the same.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    keyed_hash(*KEY, bytes).to_le_bytes()
}

/// A `.pyc` file.
pub(super) fn seal(flags: u32, validation: [u8; 8], code: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + code.len() + CHECKSUM);
    file.extend(magic());
    file.extend(flags.to_le_bytes());
    file.extend(validation);
    file.extend(code);
    file.extend(checksum(&file));
    file
}

/// Why a `.pyc` is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It begins otherwise: another program's, or another version's.
    Magic,
    /// It ends within the header.
    Header,
    /// PEP 552 knows two flags.
    Flags(u32),
    /// It is not what was written: truncated, or changed.
    Checksum,
}

/// The flags of a file that is what this version wrote.
pub(super) fn check(file: &[u8]) -> Result<u32, Flaw> {
    if !file.starts_with(&magic()) {
        return Err(Flaw::Magic);
    }
    let Some((header, _)) = file.split_first_chunk::<HEADER>() else { return Err(Flaw::Header) };
    let flags = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    if flags & !0b11 != 0 {
        return Err(Flaw::Flags(flags));
    }
    match file.split_last_chunk::<CHECKSUM>() {
        Some((bytes, sum)) if bytes.len() >= HEADER && checksum(bytes) == *sum => Ok(flags),
        _ => Err(Flaw::Checksum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &[u8] = b"any bytes at all";

    #[test]
    fn the_tag_names_the_vm_and_its_bytecode() {
        assert!(cache_tag().starts_with("togil-vm0_"), "{}", cache_tag());
        assert!(cache_tag().ends_with(&format!("-bc{}", version::PYC_MAGIC_NUMBER)));
        assert!(!cache_tag().contains('.'));
        assert_ne!(magic(), version::PYC_MAGIC_NUMBER_BYTES);
    }

    #[test]
    fn what_was_sealed_is_believed() {
        for flags in 0..4 {
            assert_eq!(check(&seal(flags, [7; 8], CODE)), Ok(flags));
        }
        assert_eq!(check(&seal(4, [7; 8], CODE)), Err(Flaw::Flags(4)));
        assert_eq!(check(&seal(0, [7; 8], &[])), Ok(0));
    }

    #[test]
    fn no_truncated_file_is_believed() {
        let file = seal(0, [7; 8], CODE);
        for length in 0..file.len() {
            let expected = match length {
                0..4 => Flaw::Magic,
                4..HEADER => Flaw::Header,
                _ => Flaw::Checksum,
            };
            assert_eq!(check(&file[..length]), Err(expected), "{length}");
        }
    }

    #[test]
    fn no_file_with_a_flipped_bit_is_believed() {
        let file = seal(1, [7; 8], CODE);
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&flipped).is_err(), "{bit}");
        }
        let longer: Vec<u8> = file.iter().copied().chain([0]).collect();
        assert_eq!(check(&longer), Err(Flaw::Checksum));
    }
}

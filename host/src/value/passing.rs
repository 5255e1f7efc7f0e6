//! Objects on their way through serde, which knows nothing of them.
//!
//! A [`PyHandle`] goes through a serializer as a newtype struct with a name of ours around
//! a token; the object itself is kept here, by thread, for as long as the outermost conversion
//! lasts. The token is bytes, so it also survives serde's buffer behind `flatten` and `untagged`.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use super::PyHandle;

/// The name of the newtype struct that stands for an object.
pub(super) const HANDLE: &str = "$togil::PyHandle";

/// Length of a token in bytes.
const LENGTH: usize = 16;

/// So that no bytes that a script makes are a token.
static SECRET: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(HANDLE));

thread_local! {
    static PASSED: RefCell<Passed> =
        const { RefCell::new(Passed { conversions: 0, entries: Vec::new() }) };
}

struct Passed {
    /// Conversions that run on this thread; more than one if a type's own
    /// `Serialize` or `Deserialize` starts another.
    conversions: usize,
    entries: Vec<Entry>,
}

struct Entry {
    handle: PyHandle,
    taken: bool,
}

/// A running conversion: inside, handles can be passed.
pub(super) struct Conversion {
    /// How many entries the conversions around this one had.
    start: usize,
}

impl Conversion {
    pub(super) fn enter() -> Self {
        PASSED.with_borrow_mut(|passed| {
            passed.conversions += 1;
            Self { start: passed.entries.len() }
        })
    }

    /// Whether all that was offered was also taken. If not, another serializer got the token.
    pub(super) fn is_complete(&self) -> bool {
        PASSED.with_borrow(|passed| passed.entries[self.start..].iter().all(|entry| entry.taken))
    }
}

impl Drop for Conversion {
    fn drop(&mut self) {
        let entries = PASSED.with_borrow_mut(|passed| {
            passed.conversions -= 1;
            passed.entries.split_off(self.start)
        });
        // After the borrow: this may run Python code, which may convert.
        drop(entries);
    }
}

/// A token for this object; `None` if no conversion runs on this thread.
pub(super) fn offer(handle: PyHandle) -> Option<[u8; LENGTH]> {
    let index = PASSED.with_borrow_mut(|passed| {
        if passed.conversions == 0 {
            return None;
        }
        passed.entries.push(Entry { handle, taken: false });
        Some(passed.entries.len() as u64 - 1)
    })?;
    let mut token = [0; LENGTH];
    token[..8].copy_from_slice(&SECRET.to_le_bytes());
    token[8..].copy_from_slice(&index.to_le_bytes());
    Some(token)
}

/// The object of a token. Can be taken more than once: serde tries the variants of an untagged
/// enum one after the other.
pub(super) fn take(token: &[u8]) -> Option<PyHandle> {
    let (secret, index) = token.split_first_chunk()?;
    let index: [u8; 8] = index.try_into().ok()?;
    if u64::from_le_bytes(*secret) != *SECRET {
        return None;
    }
    let index = usize::try_from(u64::from_le_bytes(index)).ok()?;
    PASSED.with_borrow_mut(|passed| {
        let entry = passed.entries.get_mut(index)?;
        entry.taken = true;
        Some(entry.handle.clone())
    })
}

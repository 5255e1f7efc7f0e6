//! Where in the user's code a thread is that is in code of ours or of the standard library.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::{AsObject, Py};

use super::SiteId;
use super::site::{Site, SiteKind};
use super::sites;
use crate::switch_point::with_current_frame;

/// The files of the user's that are instrumented.
static THEIRS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// The sites of calls of primitives, by code object and line. Not by instruction: the VM counts them
/// differently once it has specialised them.
static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

type Known = HashMap<(usize, u32, bool), SiteId>;

/// Counts a file as one of the user's.
pub(crate) fn add(file: &str) {
    THEIRS.lock().get_or_insert_default().insert(file.to_owned());
}

/// Whether a file is one of the user's.
pub(crate) fn is_theirs(file: &str) -> bool {
    THEIRS.lock().as_ref().is_some_and(|files| files.contains(file))
}

/// The innermost instruction of the user's that the calling thread is in.
pub(crate) fn here() -> SiteId {
    here_as(SiteKind::Call)
}

/// The same, for something else than a call that happens there.
pub(crate) fn here_as(kind: SiteKind) -> SiteId {
    let found = with_current_frame(|frame| {
        let mut frame = Some(frame);
        while let Some(at) = frame {
            if is_theirs(at.code().source_path().as_str()) {
                return Some(site(at.code(), at.get_lasti(), kind));
            }
            // SAFETY: the frames below the one that runs are suspended in a call that this thread
            // is in, so they outlive the look at them; null below the first.
            frame = unsafe { at.previous().as_ref() };
        }
        None
    });
    found.flatten().unwrap_or_default()
}

fn site(code: &Py<PyCode>, lasti: u32, kind: SiteKind) -> SiteId {
    // The VM counts an instruction as begun when it runs.
    let unit = (lasti as usize).saturating_sub(1);
    let line = code.locations.get(unit).map_or(0, |(start, _)| start.line.get());
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    let key = (code.get_id(), line, kind == SiteKind::Call);
    if let Some(known) = KNOWN.lock().get_or_insert_default().get(&key) {
        return *known;
    }
    let site = sites::add(Site {
        kind,
        file: code.source_path().as_str().to_owned(),
        line,
        function: code.qualname.as_str().to_owned(),
    });
    KNOWN.lock().get_or_insert_default().insert(key, site);
    site
}

//! Keeps threads that take turns on one core.

use std::mem::{MaybeUninit, size_of};

/// The cores that the thread could run on before. Restored when it is dropped.
///
/// Threads of which one runs at a time gain nothing from a second core, and handing a turn to
/// another core costs more than twice what it costs on the same one: the other is asleep.
#[derive(Debug)]
pub(super) struct OneCore(Option<libc::cpu_set_t>);

impl OneCore {
    /// Puts the calling thread, and those that it starts from now on, on the core that it runs on.
    /// Does nothing where that is forbidden.
    pub(super) fn new() -> Self {
        let before = allowed();
        // SAFETY: takes nothing; -1 where it cannot be told.
        let core = unsafe { libc::sched_getcpu() };
        if let (Some(_), Ok(core)) = (&before, usize::try_from(core)) {
            allow(&only(core));
        }
        Self(before)
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            allow(before);
        }
    }
}

/// Puts the calling thread, and those that it starts, on the `number`-th of the cores that it may run on, counted round
/// and round: for processes of which each keeps to one core, and not to the same.
pub(crate) fn use_nth_core(number: usize) {
    let Some(set) = allowed() else { return };
    // SAFETY: a core that the set has room for.
    let is_allowed = |&core: &usize| unsafe { libc::CPU_ISSET(core, &set) };
    let cores: Vec<usize> = (0..8 * size_of::<libc::cpu_set_t>()).filter(is_allowed).collect();
    if let Some(core) = number.checked_rem(cores.len()).and_then(|index| cores.get(index)) {
        allow(&only(*core));
    }
}

fn only(core: usize) -> libc::cpu_set_t {
    // SAFETY: all-zero is the empty set.
    let mut only: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: a set of the size that the macro takes it to be; a core beyond it is ignored.
    unsafe { libc::CPU_SET(core, &mut only) };
    only
}

fn allowed() -> Option<libc::cpu_set_t> {
    let mut set = MaybeUninit::zeroed();
    // SAFETY: 0 is the calling thread, and the kernel writes no more than the size that it is told.
    let failed =
        unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), set.as_mut_ptr()) };
    // SAFETY: all-zero is a set, too.
    (failed == 0).then(|| unsafe { set.assume_init() })
}

fn allow(set: &libc::cpu_set_t) {
    // SAFETY: 0 is the calling thread; the set is read only, and of the size told. An error leaves
    // everything as it was.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) };
}

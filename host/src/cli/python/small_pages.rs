//! No huge pages while the interpreter starts.
//!
//! mimalloc asks for them, and where the kernel gives them to who asks, the start takes 16 MB and fills the half. What a
//! script allocates then shall have them: without, `cpu_json` takes 4 % more CPU time.

/// The process gets small pages, until it is dropped.
pub(super) struct SmallPages(());

impl SmallPages {
    /// `None` where the process has no huge pages anyway. Threads that it has are the same process.
    pub(super) fn begin() -> Option<Self> {
        let has_huge = ask(libc::PR_GET_THP_DISABLE, 0) == 0;
        (has_huge && ask(libc::PR_SET_THP_DISABLE, 1) == 0).then_some(Self(()))
    }
}

impl Drop for SmallPages {
    fn drop(&mut self) {
        ask(libc::PR_SET_THP_DISABLE, 0);
    }
}

fn ask(option: i32, value: libc::c_ulong) -> i32 {
    const UNUSED: libc::c_ulong = 0;
    // SAFETY: both options take numbers, those that they do not use must be 0, and no memory is read or written.
    unsafe { libc::prctl(option, value, UNUSED, UNUSED, UNUSED) }
}

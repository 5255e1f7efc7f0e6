//! How much each thread makes the heap grow.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

/// A global allocator that counts what each thread allocates and frees, for
/// [`Limits::memory`](crate::Limits::memory).
///
/// ```
/// use togil::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator::system();
/// # fn main() {}
/// ```
///
/// Memory that one thread allocates and another frees counts for the first and against the
/// second. An allocation costs a few nanoseconds more.
#[derive(Debug)]
pub struct CountingAllocator<A = std::alloc::System> {
    inner: A,
}

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// How often a thread publishes its count: reading it from outside is off by so much at most.
const STEP: isize = 16 << 10;

thread_local! {
    // No destructor, so that it can be used at any moment of a thread's life.
    static UNPUBLISHED: Cell<isize> = const { Cell::new(0) };
    static COUNT: Cell<*const AtomicIsize> = const { Cell::new(std::ptr::null()) };
}

impl CountingAllocator {
    /// Counts for the system's allocator.
    pub const fn system() -> Self {
        Self::new(std::alloc::System)
    }
}

impl<A> CountingAllocator<A> {
    /// Counts for another allocator.
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

fn count(bytes: isize) {
    let unpublished = UNPUBLISHED.get() + bytes;
    if unpublished.abs() < STEP {
        UNPUBLISHED.set(unpublished);
        return;
    }
    UNPUBLISHED.set(0);
    if !INSTALLED.load(Ordering::Relaxed) {
        INSTALLED.store(true, Ordering::Relaxed);
    }
    // SAFETY: null, or what `thread_memory` leaked for this thread.
    if let Some(count) = unsafe { COUNT.get().as_ref() } {
        count.fetch_add(unpublished, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the inner allocator with the caller's own arguments.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { self.inner.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { self.inner.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { self.inner.dealloc(block, layout) }
    }
}

/// Reads, from any thread, by how much one thread has made the heap grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThreadMemory(&'static AtomicIsize);

impl ThreadMemory {
    pub(crate) fn bytes(self) -> isize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts what the calling thread allocates, too, until the guard is dropped.
    pub(crate) fn adopt(self) -> Adopted {
        UNPUBLISHED.set(0);
        Adopted(COUNT.replace(self.0))
    }
}

/// See [`ThreadMemory::adopt`].
pub(crate) struct Adopted(*const AtomicIsize);

impl Drop for Adopted {
    fn drop(&mut self) {
        COUNT.set(self.0);
    }
}

/// The calling thread's count, if anybody has asked for it.
pub(crate) fn counted_memory() -> Option<ThreadMemory> {
    // SAFETY: null, or what `thread_memory` leaked.
    unsafe { COUNT.get().as_ref() }.map(ThreadMemory)
}

/// The calling thread's count; `None` if the process has another allocator.
pub(crate) fn thread_memory() -> Option<ThreadMemory> {
    if !INSTALLED.load(Ordering::Relaxed) {
        // A large allocation shows whether it is counted.
        drop(std::hint::black_box(Vec::<u8>::with_capacity(2 * STEP as usize)));
        if !INSTALLED.load(Ordering::Relaxed) {
            return None;
        }
    }
    // SAFETY: null, or what was leaked below.
    let count = unsafe { COUNT.get().as_ref() }.unwrap_or_else(|| {
        // Leaked once per worker thread: the allocator may need it until the very end.
        let count: &'static AtomicIsize = Box::leak(Box::default());
        COUNT.set(count);
        count
    });
    Some(ThreadMemory(count))
}

//! The output of a running program, read by a thread as it comes.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    ended: bool,
}

pub(super) struct Stream(Arc<(Mutex<Buffer>, Condvar)>);

impl Stream {
    pub(super) fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let shared = Self(stream.0.clone());
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let count = pipe.read(&mut chunk).unwrap_or(0);
                let mut buffer = shared.lock();
                buffer.bytes.extend_from_slice(&chunk[..count]);
                buffer.ended = count == 0;
                shared.0.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        stream
    }

    /// Waits until the text so far satisfies `condition`, or there will be no more text.
    pub(super) fn wait_until(&self, deadline: Instant, mut condition: impl FnMut(&str) -> bool) {
        let satisfied = |buffer: &Buffer| condition(&String::from_utf8_lossy(&buffer.bytes));
        drop(self.wait(deadline, satisfied));
    }

    /// Waits until nobody can write to it any more.
    pub(super) fn wait_for_end(&self, deadline: Instant) -> bool {
        self.wait(deadline, |_| false).ended
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().bytes).into_owned()
    }

    fn wait(
        &self,
        deadline: Instant,
        mut done: impl FnMut(&Buffer) -> bool,
    ) -> MutexGuard<'_, Buffer> {
        let left = deadline.saturating_duration_since(Instant::now());
        let waits = |buffer: &mut Buffer| !done(buffer) && !buffer.ended;
        let waited = self.0.1.wait_timeout_while(self.lock(), left, waits);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

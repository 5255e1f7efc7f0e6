//! Ctrl-C: remembered here, acted upon between and during runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The signal that asked this program to stop, if there was one.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt {
    // 0 for none. There is no signal 0.
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Starts to listen. From here on the signals no longer end the program, so
    /// that the child can be killed and the figures printed first.
    pub(super) fn install() -> anyhow::Result<Self> {
        let interrupt = Interrupt::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_usize(
                signal,
                Arc::clone(&interrupt.signal),
                signal as usize,
            )
            .with_context(|| format!("can't listen for signal {signal}"))?;
        }
        Ok(interrupt)
    }

    /// The signal that has come in.
    pub(super) fn signal(&self) -> Option<u8> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => u8::try_from(signal).ok(),
        }
    }

    /// As if the user had pressed Ctrl-C.
    #[cfg(test)]
    pub(super) fn press(&self) {
        self.signal.store(SIGINT as usize, Ordering::SeqCst);
    }
}

/// The exit status of a program that a signal made stop, as shells report it.
pub(super) fn exit_status(signal: u8) -> u8 {
    signal.saturating_add(128)
}

//! The ways in which a thread of a model waits for its turn.

use togil::shared::core::Event;

/// Waits until it is woken.
pub(crate) fn patient(event: &Event) -> Result<bool, ()> {
    Ok(event.wait(None))
}

/// Gives up at once, as if the time were over.
pub(crate) fn hasty(_: &Event) -> Result<bool, ()> {
    Ok(false)
}

/// Waits until it is woken, and is then told to stop.
pub(crate) fn interrupted(event: &Event) -> Result<bool, ()> {
    event.wait(None);
    Err(())
}

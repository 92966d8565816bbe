//! A transport whose protocol knows that the connection is made.

use kolo_executor::{EventLoop, Promise, Result};

/// The transport that `start` begins, once the promise is set that it is given: its protocol knows then that the connection is made. One that nobody
/// gets, because that fails or is cancelled, is closed by `close`.
///
/// # Errors
/// Those of `start`, and of the promise.
///
/// # Cancel safety
/// It is closed.
pub async fn connected<T: Clone>(
    event_loop: &EventLoop,
    start: impl FnOnce(Promise<()>) -> Result<T>,
    close: impl FnOnce(&T),
) -> Result<T> {
    let made = event_loop.create_promise();
    let transport = start(made.clone())?;
    let mut unclaimed = Unclaimed::new(transport.clone(), close);
    made.await?;
    unclaimed.claim();
    Ok(transport)
}

/// What was begun for somebody who may be cancelled before he has it; then it is closed.
struct Unclaimed<T, C: FnOnce(&T)> {
    handle: T,
    /// `None` once somebody has it.
    close: Option<C>,
}

impl<T, C: FnOnce(&T)> Unclaimed<T, C> {
    fn new(handle: T, close: C) -> Unclaimed<T, C> {
        let close = Some(close);
        Unclaimed { handle, close }
    }

    /// Somebody has it.
    fn claim(&mut self) {
        self.close = None;
    }
}

impl<T, C: FnOnce(&T)> Drop for Unclaimed<T, C> {
    fn drop(&mut self) {
        if let Some(close) = self.close.take() {
            close(&self.handle);
        }
    }
}

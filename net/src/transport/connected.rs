//! A transport whose protocol knows that the connection is made.

use kolo_executor::{EventLoop, Promise, Result};

use crate::unclaimed::Unclaimed;

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

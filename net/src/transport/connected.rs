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
    close: impl FnMut(&T),
) -> Result<T> {
    struct Unclaimed<T, C: FnMut(&T)> {
        transport: Option<T>,
        close: C,
    }
    impl<T, C: FnMut(&T)> Drop for Unclaimed<T, C> {
        fn drop(&mut self) {
            self.transport.take().inspect(&mut self.close);
        }
    }
    let made = event_loop.create_promise();
    let transport = start(made.clone())?;
    let mut unclaimed = Unclaimed {
        transport: Some(transport.clone()),
        close,
    };
    made.await?;
    unclaimed.transport = None;
    Ok(transport)
}

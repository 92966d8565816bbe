//! `cancellable`: any future as one of ours.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::ground::error::Result;
use crate::leaf::parking::Parking;

/// Makes any future, such as a channel's of another crate, one at which a cancellation arrives as an error.
///
/// A task that is cancelled while it stands on a foreign future is dropped there, which is how Rust cancels: the future cannot return our
/// error. Wrapped, the await returns [`Kind::Cancelled`](crate::Kind::Cancelled), and the task goes on from there as in asyncio.
///
/// ```
/// use kolo_executor::{cancellable, create_task, run, sleep};
///
/// run(async {
///     let task = create_task(async {
///         let stopped = cancellable(std::future::pending::<()>()).await;
///         assert!(stopped.unwrap_err().is_cancelled());
///         Ok("cleaned up")
///     });
///     sleep(0).await?;
///     task.cancel();
///     assert_eq!(task.await?, "cleaned up");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled.
///
/// # Cancel safety
/// The future is dropped when the wait is cancelled, with all that this means for it.
#[track_caller]
pub fn cancellable<F: Future>(future: F) -> Cancellable<F> {
    Cancellable {
        future: Some(Box::pin(future)),
        parking: Parking::new(Location::caller()),
    }
}

/// The future of [`cancellable`].
#[must_use = "futures do nothing unless awaited"]
pub struct Cancellable<F> {
    /// In a box, so that it can be pinned without unsafe code.
    future: Option<Pin<Box<F>>>,
    /// Nobody wakes it: it is there to be cancelled.
    parking: Parking,
}

impl<F: Future> Future for Cancellable<F> {
    type Output = Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // The cancellation comes before the value: it may have been there first.
        if this.parking.is_parked()
            && let Poll::Ready(Err(cancelled)) = this.parking.poll(context, |_| {})
        {
            this.future = None;
            return Poll::Ready(Err(cancelled));
        }
        let Some(future) = &mut this.future else {
            return Poll::Pending;
        };
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            this.future = None;
            this.parking.leave();
            return Poll::Ready(Ok(value));
        }
        if !this.parking.is_parked()
            && let Poll::Ready(Err(refused)) = this.parking.poll(context, |_| {})
        {
            return Poll::Ready(Err(refused));
        }
        Poll::Pending
    }
}

impl<F> fmt::Debug for Cancellable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Cancellable>")
    }
}

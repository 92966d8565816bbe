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
/// # Who cancels what
///
/// A cancellation is an error that comes out of an await: from every leaf of kolo's at which the task stands (a sleep, a lock, a queue, a
/// task, a promise ...). What is not kolo's cannot return that error, and is dropped.
///
/// | the task awaits | it is cancelled | `timeout`, `wait_for` or a `task_group` around it ends | it is dropped |
/// |---|---|---|---|
/// | something of kolo's | the await returns Cancelled | the same, then the scope returns its own error | the wait ends; what was awaited goes on |
/// | a foreign future | the task is dropped there (in debug mode that is told) | that future is dropped, and the scope returns its error | dropped |
/// | a foreign future in `cancellable`, `timeout`, `wait_for`, `task_group` | that future is dropped; the await returns Cancelled | the same, then the scope returns its own error | dropped |
/// | several of kolo's, in `join!`, `select!`, `join_all` of up to 30 | each returns Cancelled, as far as the combinator still asks | the same, then the scope returns its own error | each wait ends |
/// | several of kolo's, in `FuturesUnordered`, `buffer_unordered`, `join_all` of more, whatever has wakers of its own | each returns Cancelled | they are dropped, and the scope returns its error | each wait ends |
/// | kolo's and foreign ones, in `select!` | kolo's return Cancelled, and the `select!` ends | the same, then the scope returns its own error | all end |
/// | kolo's and foreign ones, in `join!` | kolo's return Cancelled; **the foreign ones are waited for** | the same | all end |
///
/// The ways out of the last row: `cancellable` around each foreign future, or around the whole `join!`; a second
/// [`cancel`](crate::Promise::cancel), which drops a task that stands on foreign futures alone; a task for each
/// ([`create_task`](crate::create_task)), and [`gather`](crate::gather()).
///
/// A scope ends its own body only: `join!(timeout(1, a), timeout(2, b))` are two scopes that know nothing of each other.
///
/// ```
/// use kolo::{cancellable, create_task, run, sleep};
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
/// Cancelled; Runtime, when it has to wait and no loop runs.
///
/// # Cancel safety
/// The future is dropped when the wait is cancelled, with all that this means for it.
#[doc(alias("abortable", "CancellationToken"))]
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

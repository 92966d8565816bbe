//! `wait_for`: what takes too long is cancelled.

use std::panic::Location;

use crate::block::head::AnyPromise;
use crate::ground::error::{Error, Kind, Result};
use crate::ground::time::Limit;
use crate::handle::promise::Promise;
use crate::handle::task::Task;
use crate::together::ensure::Awaitable;
use crate::together::timeout::{Start, expired, limited};
use crate::wheel::current;

/// What [`wait_for`] waits for: anything that can be awaited.
pub trait WaitFor: IntoFuture {
    /// The handle of something under way; `None` for a coroutine, which runs in the waiting task.
    fn under_way(&self) -> Option<AnyPromise>;
}

impl<F: Future> WaitFor for F {
    fn under_way(&self) -> Option<AnyPromise> {
        None
    }
}

macro_rules! under_way {
    ($($handle:ident)*) => { $(
        impl<T: 'static> WaitFor for $handle<T> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.to_any())
            }
        }
        impl<T: Clone + 'static> WaitFor for &$handle<T> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.to_any())
            }
        }
    )* };
}
under_way!(Promise Task);

/// Awaits `awaitable` for `limit` seconds at the most, then cancels it. Mirrors `asyncio.wait_for`.
///
/// A coroutine runs in this very task. With a limit of zero or less it does not run at all, and what is under way already is cancelled,
/// unless it is done.
///
/// ```
/// use kolo::{run, sleep, wait_for};
///
/// let outcome = run(async { wait_for(sleep(3600), 0.01).await });
/// assert!(outcome.unwrap_err().is_timeout());
/// ```
///
/// # Errors
/// What `awaitable` fails with; Timeout; Value, when the limit is NaN; Runtime, outside of a task.
///
/// # Cancel safety
/// Cancelling the waiting task cancels what it waits for, and waits for that to end.
#[doc(alias = "timeout")]
#[track_caller]
pub fn wait_for<T, A>(awaitable: A, limit: impl Limit) -> impl Future<Output = Result<T>>
where
    A: WaitFor + IntoFuture<Output = Result<T>>,
{
    within(awaitable, limit, Location::caller())
}

async fn within<T, A>(awaitable: A, limit: impl Limit, site: &'static Location<'static>) -> Result<T>
where
    A: WaitFor + IntoFuture<Output = Result<T>>,
{
    match limit.limit("timeout").map_err(Error::without_place)? {
        Some(delay) if delay <= 0 => {}
        delay => return limited(Start::Now(delay), site, awaitable.into_future()).await,
    }
    let running = || current::demand().map_err(|error| error.at(site));
    let outcome = match awaitable.under_way() {
        Some(promise) if promise.done() => return awaitable.into_future().await,
        Some(promise) => {
            running()?;
            promise.cancel();
            until_done(&promise).await?;
            awaitable.into_future().await
        }
        // Its task would be cancelled before it began: another that never begins stands for it.
        None => {
            let never = running()?.create_task(async { Ok(()) });
            never.cancel();
            until_done(&never.as_any()).await?;
            Err(Error::cancelled())
        }
    };
    match outcome {
        Err(error) if error.kind() == Kind::Cancelled => Err(expired(error)),
        outcome => outcome,
    }
}

/// Waits until `promise` is done, whatever its outcome. Cancelling the wait leaves the promise alone.
async fn until_done(promise: &AnyPromise) -> Result<()> {
    let done = Promise::<()>::new();
    let setter = done.clone();
    let token = promise.add_done_callback(move |_| {
        let _ = setter.set_result(());
    });
    let outcome = done.await;
    promise.remove_done_callback(token);
    outcome
}

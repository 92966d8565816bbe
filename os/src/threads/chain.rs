//! `wrap_future`: what a thread's future comes to, for a task.

use kolo_executor::{EventLoop, Promise, Result, running_loop};

use crate::concurrent::future::Future;

/// A promise of what the job of a pool comes to, of which a clone is left in the future. Mirrors `asyncio.wrap_future`.
///
/// It is completed in the iteration in which the loop learns of the job's end; who awaits it runs in the next. Cancelled, it cancels the job,
/// unless that is running or done.
///
/// ```
/// use kolo::{ThreadPoolExecutor, run, wrap_future};
///
/// run(async {
///     let pool = ThreadPoolExecutor::new();
///     assert_eq!(wrap_future(&pool.submit(|| Ok(5 * 5))?).await?, 25);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// Without a running loop.
#[track_caller]
pub fn wrap_future<T: Clone + Send + 'static>(future: &Future<T>) -> Promise<T> {
    chain(&running_loop(), future, |future| future.result())
}

/// Whichever of the two ends, so does the other. `outcome` is asked of a future that is done.
pub(crate) fn chain<T: Send + 'static>(
    event_loop: &EventLoop,
    future: &Future<T>,
    outcome: impl FnOnce(&Future<T>) -> Result<T> + Send + 'static,
) -> Promise<T> {
    let (completer, promise) = event_loop.remote_promise();
    let source = future.clone();
    promise.add_done_callback(move |promise| {
        if promise.cancelled() {
            source.cancel();
        }
    });
    // A loop that is closed wants to know nothing any more.
    future.add_done_callback(move |future| {
        let _ = match future.cancelled() {
            true => completer.cancel(),
            false => completer.complete(outcome(future)),
        };
    });
    promise
}

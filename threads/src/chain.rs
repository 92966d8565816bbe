//! What a job comes to, for a task.

use kolo_executor::{EventLoop, Promise, Result, running_loop};

use crate::concurrent::job::Job;

/// A promise of what a job comes to, of which a clone is left in the job. Mirrors `asyncio.wrap_future`.
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
pub fn wrap_future<T: Clone + Send + 'static>(job: &Job<T>) -> Promise<T> {
    link(&running_loop(), job, Job::result)
}

/// A promise of what a job comes to, which is moved out of the job. Otherwise it is [`wrap_future`](crate::wrap_future).
///
/// ```
/// use kolo::executors::{chain, job_outcome};
/// use kolo::{ThreadPoolExecutor, run, running_loop};
///
/// run(async {
///     let pool = ThreadPoolExecutor::new();
///     let promise = chain(&running_loop(), &pool.submit(|| Ok(String::from("moved, not cloned")))?);
///     assert_eq!(promise.await?, "moved, not cloned");
///     // The same without a promise that anybody could keep.
///     assert_eq!(job_outcome(&running_loop(), &pool.submit(|| Ok(42))?).await?, 42);
///     Ok(())
/// })
/// .unwrap();
/// ```
pub fn chain<T: Send + 'static>(event_loop: &EventLoop, job: &Job<T>) -> Promise<T> {
    link(event_loop, job, Job::take_result)
}

/// Suspends the task until the job is done, and gives what it has come to.
///
/// # Errors
/// The job's own; Cancelled.
///
/// # Cancel safety
/// The job is cancelled, unless it is running. What it comes to is nobody's any more then; also when the future is dropped.
pub async fn job_outcome<T: Send + 'static>(event_loop: &EventLoop, job: &Job<T>) -> Result<T> {
    let wanted = Wanted(chain(event_loop, job));
    wanted.0.clone().await
}

/// What somebody waits for.
struct Wanted<T: 'static>(Promise<T>);

impl<T> Drop for Wanted<T> {
    fn drop(&mut self) {
        // Of a job that fails later nobody is to be told.
        self.0.cancel();
    }
}

/// Whichever of the two ends, so does the other. `outcome` is asked of a job that is done.
fn link<T: Send + 'static>(event_loop: &EventLoop, job: &Job<T>, outcome: fn(&Job<T>) -> Result<T>) -> Promise<T> {
    let (completer, promise) = event_loop.remote_promise();
    let source = job.clone();
    promise.add_done_callback(move |promise| {
        if promise.cancelled() {
            source.cancel();
        }
    });
    // A loop that is closed wants to know nothing any more.
    job.add_done_callback(move |job| {
        let _ = match job.cancelled() {
            true => completer.cancel(),
            false => completer.complete(outcome(job)),
        };
    });
    promise
}

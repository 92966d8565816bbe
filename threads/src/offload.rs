//! `run_in_executor`, `to_thread`: a call on a thread, for a task.

use std::panic::Location;

use kolo_executor::{Promise, Result, running_loop};

use crate::chain::{chain, job_outcome};
use crate::concurrent::job::Job;
use crate::default::default_executor;
use crate::pool::ThreadPoolExecutor;

/// Who makes calls for others: threads (`&ThreadPoolExecutor`, or `None` for the loop's own), or processes. Mirrors
/// `concurrent.futures.Executor`, for [`run_in_executor`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no executor that could make this call",
    note = "give `None` for the loop's own threads, or a `&ThreadPoolExecutor`, and a closure or a function without arguments"
)]
pub trait Executor<C> {
    /// What the call comes to.
    type Output: Send + 'static;

    /// Accepts the call, of which that line is told.
    #[doc(hidden)]
    fn accept(self, site: &'static Location<'static>, call: C) -> Result<Job<Self::Output>>;
}

impl<C, T> Executor<C> for &ThreadPoolExecutor
where
    C: FnOnce() -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn accept(self, site: &'static Location<'static>, call: C) -> Result<Job<T>> {
        self.submit_at(site, call)
    }
}

impl<C, T> Executor<C> for Option<&ThreadPoolExecutor>
where
    C: FnOnce() -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn accept(self, site: &'static Location<'static>, call: C) -> Result<Job<T>> {
        match self {
            Some(pool) => pool.submit_at(site, call),
            None => default_executor(&running_loop(), site)?.submit_at(site, call),
        }
    }
}

/// Has a thread, or a process, make the call, and returns a promise of what it comes to. Mirrors `loop.run_in_executor`.
///
/// It is submitted here and now, not when the promise is awaited, to the pool, or for `None` to the loop's own, which is made when it is first
/// asked for, has threads named `asyncio_0` and so on, and is shut down when the [`run`](kolo_executor::run) ends. While a call is under way the loop is not
/// deadlocked, and its virtual clock waits for it in real time.
///
/// A `Mutex` of the standard library, a channel, anything that blocks may be used in the call: it stops its thread only. What is limited to a few at
/// a time gets a pool of its own with so many threads, or a `Semaphore` around it:
///
/// ```
/// use std::fs;
///
/// use kolo::{Semaphore, run, run_in_executor};
///
/// run(async {
///     let two = Semaphore::new(2)?;
///     let read = async |path: &'static str| {
///         let _held = two.hold().await?;
///         run_in_executor(None, move || Ok(fs::metadata(path)?.is_dir())).await
///     };
///     assert!(read("/").await?);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// The promise fails with the call's error, or with one of kind Panic for its panic; with Runtime, when the pool has been shut down.
///
/// # Panics
/// Without a running loop.
///
/// # Cancel safety
/// A call that has not begun is never made, once its promise is cancelled. One that is running goes on, and what it comes to is dropped.
#[track_caller]
pub fn run_in_executor<E: Executor<C>, C>(executor: E, call: C) -> Promise<E::Output> {
    let (event_loop, site) = (running_loop(), Location::caller());
    let submitted = executor.accept(site, call);
    match submitted {
        Ok(job) => chain(&event_loop, &job),
        Err(error) => {
            let refused = event_loop.create_promise();
            // It is new, and nobody else has it.
            let _ = refused.set_error(error);
            refused
        }
    }
}

/// Has a thread of the loop's own make the call, and waits for what it comes to. Mirrors `asyncio.to_thread`.
///
/// It is submitted when it is awaited. Otherwise it is [`run_in_executor`] with `None`.
///
/// asyncio's call runs in a copy of the caller's context. Here the values of context variables stay in the loop's thread, as they may be of
/// types that cannot leave it: what the call needs, it is given.
///
/// ```
/// use kolo::{ContextVar, run, to_thread};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// run(async {
///     USER.set("ada");
///     let user = USER.get();
///     let greeting = to_thread(move || Ok(format!("hello {}", user.unwrap_or("you")))).await?;
///     assert_eq!(greeting, "hello ada");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// The call's own; Panic, for its panic; Cancelled; Runtime, after [`shutdown_default_executor`](crate::shutdown_default_executor).
///
/// # Panics
/// Awaited without a running loop.
///
/// # Cancel safety
/// As [`run_in_executor`].
#[track_caller]
pub fn to_thread<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> impl Future<Output = Result<T>> {
    offload(Location::caller(), call)
}

/// [`to_thread`](crate::to_thread), on behalf of this line of the program.
///
/// ```
/// use std::fs;
/// use std::panic::Location;
///
/// use kolo::executors::offload;
/// use kolo::{Result, run};
///
/// /// Whether it is a folder.
/// #[track_caller]
/// fn is_folder(path: &'static str) -> impl Future<Output = Result<bool>> {
///     offload(Location::caller(), move || Ok(fs::metadata(path)?.is_dir()))
/// }
///
/// assert!(run(is_folder("/")).unwrap());
/// ```
///
/// # Errors
/// As `to_thread`.
///
/// # Cancel safety
/// As `to_thread`.
pub async fn offload<T: Send + 'static>(
    site: &'static Location<'static>,
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let event_loop = running_loop();
    let job = default_executor(&event_loop, site)?.submit_at(site, call)?;
    job_outcome(&event_loop, &job).await
}

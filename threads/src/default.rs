//! The threads that every loop has of its own.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::thread;

use kolo_executor::primitive::say;
use kolo_executor::{Error, EventLoop, Result, running_loop, timeout};

use crate::pool::ThreadPoolExecutor;

/// How long a run waits for the jobs at its end, in seconds. asyncio's number.
const AT_THE_END: f64 = 300.0;

/// What a loop knows of it.
#[derive(Default)]
struct OfLoop {
    pool: RefCell<Option<Arc<ThreadPoolExecutor>>>,
    is_shut_down: Cell<bool>,
    /// The end of the run waits for the pool.
    is_awaited: Cell<bool>,
}

impl OfLoop {
    fn set(&self, event_loop: &EventLoop, pool: Arc<ThreadPoolExecutor>) {
        let before = self.pool.replace(Some(pool));
        drop(before);
        if !self.is_awaited.replace(true) {
            event_loop.at_close(|| shutdown_default_executor(Some(AT_THE_END)));
        }
    }
}

/// The loop has closed, with or without waiting for the pool.
impl Drop for OfLoop {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.shutdown(false, false);
        }
    }
}

/// The loop's own threads, which are made when they are first asked for.
///
/// ```
/// use std::panic::Location;
///
/// use kolo::executors::default_executor;
/// use kolo::{run, running_loop, wrap_future};
///
/// run(async {
///     let pool = default_executor(&running_loop(), Location::caller())?;
///     assert_eq!(wrap_future(&pool.submit(|| Ok(42))?).await?, 42);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Runtime, after [`shutdown_default_executor`](crate::shutdown_default_executor).
pub fn default_executor(event_loop: &EventLoop, site: &'static Location<'static>) -> Result<Arc<ThreadPoolExecutor>> {
    let of_loop = event_loop.attached::<OfLoop>();
    if of_loop.is_shut_down.get() {
        return Err(Error::runtime("Executor shutdown has been called").at(site));
    }
    if let Some(pool) = of_loop.pool.borrow().clone() {
        return Ok(pool);
    }
    let pool = Arc::new(ThreadPoolExecutor::named("asyncio"));
    of_loop.set(event_loop, pool.clone());
    Ok(pool)
}

/// Makes `pool` the one that the running loop uses for [`run_in_executor`](crate::run_in_executor) with `None` and for
/// [`to_thread`](crate::to_thread). Mirrors `loop.set_default_executor`. It is shut down at the end of the run, also if somebody else has it in
/// an [`Arc`] too; the pool before is given up.
///
/// ```
/// use std::thread;
///
/// use kolo::{ThreadPoolExecutor, run, set_default_executor, to_thread};
///
/// run(async {
///     set_default_executor(ThreadPoolExecutor::named("mine"));
///     let name = to_thread(|| Ok(thread::current().name().map(str::to_owned))).await?;
///     assert_eq!(name.as_deref(), Some("mine_0"));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// Without a running loop.
#[track_caller]
pub fn set_default_executor(pool: impl Into<Arc<ThreadPoolExecutor>>) {
    let event_loop = running_loop();
    event_loop.attached::<OfLoop>().set(&event_loop, pool.into());
}

/// Has the loop's own pool accept no job any more, and waits until its threads have ended, for so many seconds at the most. Mirrors
/// `loop.shutdown_default_executor`. The end of [`run`](kolo_executor::run) does so by itself, for 300 seconds at the most.
///
/// When the time is up, the jobs that still run are told of on standard error, and left to themselves.
///
/// ```
/// use kolo::{Kind, run, shutdown_default_executor, to_thread};
///
/// run(async {
///     to_thread(|| Ok(())).await?;
///     shutdown_default_executor(None).await?;
///     let error = to_thread(|| Ok(())).await.unwrap_err();
///     assert_eq!((error.kind(), error.message()), (Kind::Runtime, "Executor shutdown has been called"));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Runtime, when no thread can be started that waits for the others.
///
/// # Cancel safety
/// The pool is shut down all the same, and nobody waits for its jobs.
pub async fn shutdown_default_executor(limit: Option<f64>) -> Result<()> {
    let event_loop = running_loop();
    let of_loop = event_loop.attached::<OfLoop>();
    of_loop.is_shut_down.set(true);
    let Some(pool) = of_loop.pool.borrow().clone() else {
        return Ok(());
    };
    let (completer, ended) = event_loop.remote_promise();
    let joined = pool.clone();
    let joiner = thread::Builder::new().spawn(move || {
        joined.shutdown(true, false);
        // Not after the letter: this would be the last to own the pool, and end it once more.
        drop(joined);
        completer.set_result(())
    });
    let joiner = joiner.map_err(|error| Error::runtime(format!("can't start new thread: {error}")))?;
    match timeout(limit, async { ended.await }).await {
        Err(error) if error.is_timeout() => {
            say(format_args!(
                "RuntimeWarning: The executor did not finishing joining its threads within {} seconds.",
                limit.unwrap_or_default()
            ));
            pool.under_way().iter().for_each(|job| say(format_args!("  {job}")));
            pool.shutdown(false, false);
            Ok(())
        }
        outcome => {
            outcome?;
            // It has done its work, and is about to end.
            let _ = joiner.join();
            Ok(())
        }
    }
}

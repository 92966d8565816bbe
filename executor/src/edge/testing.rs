//! For tests: a run on the virtual clock, a list of what happened in it, and iterations one at a time.
//!
//! Everything here stands on the public API; it is kolo's own tests that it was made for. They go by three rules:
//!
//! - **Virtual time.** [`run`] instead of [`kolo::run`](crate::run): the clock jumps to the next deadline when nothing is ready, so that an hour of
//!   sleep takes no time, and what has one deadline has one order on every machine. Times are exact: `assert_eq!(running_loop().time(), 3600.0)`.
//!   What a thread of the program's own does takes real time; while a [`RemoteHandle`](crate::RemoteHandle) or a
//!   [`keep_alive`](crate::EventLoop::keep_alive) lives, the clock waits for it.
//! - **Whole traces.** A [`Trace`] is a list of what happened, compared as a whole: what came too often, or in another order, fails as well.
//! - **Hops instead of waits.** "When it has had its turn" is [`hops`]`(1)`, not a short sleep: as many iterations of the loop as asyncio takes, and
//!   no time. [`tick`] runs one iteration from outside.
//!
//! A test that waits for ever does not hang: the run ends with an error of kind [`Deadlock`](crate::Kind::Deadlock) that says who waits for whom.
//!
//! ```
//! use kolo::testing::{Trace, hops, run};
//! use kolo::{create_task, sleep};
//!
//! let trace = Trace::new();
//! let events = trace.clone();
//! run(async move {
//!     trace.start();
//!     let in_task = trace.clone();
//!     let task = create_task(async move {
//!         in_task.log_iteration("task begins");
//!         sleep(3600).await?;
//!         in_task.log_time("task ends");
//!         Ok(())
//!     });
//!     trace.log("created");
//!     hops(2).await?;
//!     trace.log_iteration("main goes on");
//!     task.await
//! })?;
//! assert_eq!(events.take(), ["created", "+1 task begins", "+2 main goes on", "3600s task ends"]);
//! # Ok::<(), kolo::Error>(())
//! ```

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;

use crate::block::coroutine::Coroutine;
use crate::edge::runner::Runner;
use crate::ground::clock::Clock;
use crate::ground::error::Result;
use crate::handle::event_loop::running_loop;
use crate::leaf::sleep::sleep;
use crate::wheel::core::EventLoop;

#[cfg(test)]
mod long_lives;

/// Runs `main` on a new loop with the virtual clock, and ends the loop in good order.
///
/// Like [`run`](crate::run), whatever `KOLO_CLOCK` says: the time is 0 at first, and jumps to the next deadline when nothing is ready, so
/// that hours of sleep take no time and an order of events never depends on the machine. The outcome is that of `main`.
///
/// ```
/// use kolo::{running_loop, sleep, testing};
///
/// let time = testing::run(async {
///     sleep(3600).await?;
///     Ok(running_loop().time())
/// });
/// assert_eq!(time.unwrap(), 3600.0);
/// ```
///
/// # Errors
/// As [`run`](crate::run): what `main` fails with; Deadlock, when nothing can ever run again; Runtime, inside a running loop.
#[doc(alias = "start_paused")]
#[track_caller]
pub fn run<T: 'static>(main: impl Coroutine<Value = T> + 'static) -> Result<T> {
    Runner::builder().clock(Clock::Virtual).run(main)
}

/// Runs exactly one iteration of a loop that is not running, from outside of it, and never waits in it.
///
/// What asyncio's own tests do by `loop.call_soon(loop.stop); loop.run_forever()`, without the callback. A virtual clock stands still: an
/// iteration that need not wait does not jump.
///
/// ```
/// use kolo::{Clock, EventLoop, testing};
///
/// let event_loop = EventLoop::with_clock(Clock::Virtual)?;
/// let promise = event_loop.create_promise();
/// promise.set_result(42)?;
/// let task = event_loop.create_task(promise.into_future());
/// assert!(!task.done());
/// testing::tick(&event_loop);
/// assert_eq!(task.result()?, 42);
/// event_loop.close()?;
/// # Ok::<(), kolo::Error>(())
/// ```
///
/// # Panics
/// When the loop is closed, when a loop runs on this thread already, and when the iteration ends with a KeyboardInterrupt.
#[doc(alias("_run_once", "try_tick"))]
#[track_caller]
pub fn tick(event_loop: &EventLoop) {
    let before = event_loop.iterations();
    event_loop.stop();
    if let Err(error) = event_loop.run_forever() {
        panic!("testing::tick: {error}");
    }
    assert_eq!(
        event_loop.iterations(),
        before + 1,
        "testing::tick: one iteration and no more"
    );
}

/// Lets `count` iterations go by: the task goes on in the `count`-th iteration from now, when everything that was ready before has run.
///
/// The same as awaiting `sleep(0)` so many times. No time passes on a virtual clock, and 0 does not suspend.
///
/// ```
/// use kolo::{create_task, testing};
///
/// testing::run(async {
///     let task = create_task(async { Ok(42) });
///     assert!(!task.done());
///     testing::hops(1).await?;
///     assert!(task.done());
///     task.await
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled.
///
/// # Cancel safety
/// A cancelled wait has only let fewer iterations go by.
#[doc(alias("yield_now", "checkpoint"))]
pub async fn hops(count: usize) -> Result<()> {
    for _ in 0..count {
        sleep(0).await?;
    }
    Ok(())
}

/// A list of events, in the order in which they happened, to be compared as a whole. Clones write to the same list.
///
/// ```
/// use kolo::testing::Trace;
///
/// let trace = Trace::new();
/// let events = trace.clone();
/// trace.log("begun");
/// trace.log(format_args!("{} left", 2));
/// assert_eq!(events.take(), ["begun", "2 left"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trace {
    events: Rc<RefCell<Vec<String>>>,
    /// The iteration that counts as number 0.
    zero: Rc<Cell<u64>>,
}

impl Trace {
    /// An empty list.
    pub fn new() -> Trace {
        Trace::default()
    }

    /// Adds an event.
    pub fn log(&self, event: impl Display) {
        // A `Display` of somebody's may log as well: it runs before the list is borrowed.
        let event = event.to_string();
        self.events.borrow_mut().push(event);
    }

    /// Has [`log_iteration`](Trace::log_iteration) count from the current iteration of the running loop on, in all clones.
    ///
    /// # Panics
    /// Without a running loop.
    #[track_caller]
    pub fn start(&self) {
        self.zero.set(running_loop().iterations());
    }

    /// Adds an event with the iteration of the running loop in which it happens: `+2 event` two iterations after that of the last
    /// [`start`](Trace::start). Without one, iterations are those of [`EventLoop::iterations`].
    ///
    /// # Panics
    /// Without a running loop, and in a loop with fewer iterations than that of the last `start`.
    #[track_caller]
    pub fn log_iteration(&self, event: impl Display) {
        let iteration = running_loop().iterations();
        let passed = iteration.checked_sub(self.zero.get());
        let passed = passed.expect("Trace::start was called in this loop");
        self.log(format_args!("+{passed} {event}"));
    }

    /// Adds an event with the time of the running loop in seconds at which it happens: `0.1s event`.
    ///
    /// # Panics
    /// Without a running loop.
    #[track_caller]
    pub fn log_time(&self, event: impl Display) {
        self.log(format_args!("{}s {event}", running_loop().time()));
    }

    /// The events so far; the list is empty afterwards.
    pub fn take(&self) -> Vec<String> {
        self.events.take()
    }
}

//! `run` and `Runner`: a loop with a beginning and an orderly end.

use std::fmt;
use std::panic::Location;

use crate::block::coroutine::Coroutine;
use crate::block::exception::ExceptionContext;
use crate::block::head::AnyPromise;
use crate::edge::signals::Interrupts;
use crate::ground::clock::Clock;
use crate::ground::context::Context;
use crate::ground::error::{Error, Result};
use crate::handle::task;
use crate::together::gather::gather_on;
use crate::wheel::cancel::cancel_each;
use crate::wheel::core::EventLoop;
use crate::wheel::current;

/// Runs `main` on a new loop, and ends the loop in good order. Mirrors `asyncio.run`.
///
/// When `main` is done the tasks that are left are cancelled and waited for, their errors are reported, and the loop is closed. The
/// outcome is that of `main`.
///
/// On the main thread Ctrl-C cancels `main`, which can clean up (on Linux, and unless somebody else handles or ignores it); the run then ends
/// with
/// [`Kind::KeyboardInterrupt`](crate::Kind::KeyboardInterrupt), unless `main` went on and returned something else. A second Ctrl-C ends
/// the run at once.
///
/// ```
/// use kolo::{run, sleep};
///
/// let answer = run(async {
///     sleep(0.01).await?;
///     Ok(42)
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
///
/// # Errors
/// What `main` fails with; KeyboardInterrupt; Deadlock, when nothing can ever run again; Runtime, inside a running loop.
#[doc(alias = "block_on")]
#[track_caller]
pub fn run<T: 'static>(main: impl Coroutine<Value = T> + 'static) -> Result<T> {
    if current::running().is_some() {
        return Err(Error::runtime("kolo::run() cannot be called from a running event loop"));
    }
    Runner::builder().run(main)
}

/// A loop for several runs. Mirrors `asyncio.Runner`; dropping it closes it.
///
/// ```
/// use kolo::{Clock, Runner, sleep};
///
/// let runner = Runner::builder().clock(Clock::Virtual).build()?;
/// runner.run(sleep(3600))?;
/// assert_eq!(runner.event_loop().time(), 3600.0);
/// runner.close()?;
/// # Ok::<(), kolo::Error>(())
/// ```
#[doc(alias("Runtime", "LocalPool", "LocalSet"))]
pub struct Runner {
    event_loop: EventLoop,
    /// All runs share it: what one sets, the next one sees.
    context: Context,
}

/// A runner that is yet to be made; from [`Runner::builder`].
///
/// ```
/// use kolo::{Clock, Kind, Promise, Runner};
///
/// let runner = Runner::builder().clock(Clock::Virtual).debug(false).build()?;
/// let outcome = runner.run(async { Promise::<()>::new().await });
/// assert_eq!(outcome.unwrap_err().kind(), Kind::Deadlock); // unless `deadlock_detection(false)`
/// # Ok::<(), kolo::Error>(())
/// ```
#[doc(alias = "Builder")]
#[derive(Debug, Default)]
#[must_use = "nothing is made before `build`"]
pub struct RunnerBuilder {
    clock: Option<Clock>,
    debug: Option<bool>,
    waits_for_ever: bool,
}

impl RunnerBuilder {
    /// The clock of the loop, instead of the one that `KOLO_CLOCK` names.
    #[doc(alias("start_paused", "loop_factory"))]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Debug mode, instead of what `KOLO_DEBUG` says.
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = Some(debug);
        self
    }

    /// Whether a run in which nothing can happen any more ends with an error of kind Deadlock, as it does unless told otherwise, or
    /// waits for ever, as asyncio does.
    pub fn deadlock_detection(mut self, on: bool) -> Self {
        self.waits_for_ever = !on;
        self
    }

    /// Makes the loop.
    ///
    /// # Errors
    /// As [`EventLoop::new`].
    pub fn build(self) -> Result<Runner> {
        let event_loop = match self.clock {
            Some(clock) => EventLoop::with_clock(clock)?,
            None => EventLoop::new()?,
        };
        if let Some(debug) = self.debug {
            event_loop.set_debug(debug);
        }
        event_loop.set_deadlock_detection(!self.waits_for_ever);
        Ok(Runner {
            event_loop,
            context: Context::current(),
        })
    }
}

impl RunnerBuilder {
    /// Makes the loop, runs `main`, and ends the loop in good order: what [`run`] does, on another loop than the usual one.
    ///
    /// ```
    /// use kolo::{Clock, Runner, running_loop, sleep};
    ///
    /// let time = Runner::builder().clock(Clock::Virtual).run(async {
    ///     sleep(3600).await?;
    ///     Ok(running_loop().time())
    /// });
    /// assert_eq!(time.unwrap(), 3600.0);
    /// ```
    ///
    /// # Errors
    /// As [`run`], and as [`build`](RunnerBuilder::build).
    #[doc(alias = "block_on")]
    #[track_caller]
    pub fn run<T: 'static>(self, main: impl Coroutine<Value = T> + 'static) -> Result<T> {
        let runner = self.build()?;
        let outcome = runner.run(main);
        let closed = runner.close();
        let value = outcome?;
        closed?;
        Ok(value)
    }
}

impl Runner {
    /// For a runner with a clock or a mode of its own.
    pub fn builder() -> RunnerBuilder {
        RunnerBuilder::default()
    }

    /// The loop. Mirrors `Runner.get_loop`.
    #[doc(alias = "get_loop")]
    pub fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    /// Runs a coroutine to its end. Mirrors `Runner.run`. Tasks that it leaves go on in the next run, until [`close`](Runner::close); the
    /// context variables that it sets keep their values.
    ///
    /// # Errors
    /// What it fails with; KeyboardInterrupt, see [`run`]; Deadlock, when nothing can ever run again; Runtime, inside a running loop and
    /// on a closed runner.
    #[doc(alias = "block_on")]
    #[track_caller]
    pub fn run<T: 'static>(&self, main: impl Coroutine<Value = T> + 'static) -> Result<T> {
        if current::running().is_some() {
            return Err(Error::runtime("Runner.run() cannot be called from a running event loop"));
        }
        if self.event_loop.is_closed() {
            return Err(Error::runtime("Runner is closed"));
        }
        let main = task::spawn(&self.event_loop, main, None, Some(self.context.clone()), Location::caller());
        let interrupts = Interrupts::take(&self.event_loop, Some(main.as_any_task().head()));
        let outcome = self.event_loop.run_until_complete(main);
        match interrupts {
            Some(interrupts) => interrupts.settle(outcome),
            None => outcome,
        }
    }

    /// Cancels the tasks that are left, waits for them, reports their errors, and closes the loop. Mirrors `Runner.close`. Closing twice
    /// does no harm.
    ///
    /// # Errors
    /// Runtime, inside the running loop; what ends the loop while it waits for the tasks.
    #[track_caller]
    pub fn close(&self) -> Result<()> {
        if self.event_loop.is_closed() {
            return Ok(());
        }
        if current::running().is_some() {
            return Err(Error::runtime("Runner.close() cannot be called from a running event loop"));
        }
        let ended = self.end_tasks();
        self.event_loop.close()?;
        ended
    }

    #[track_caller]
    fn end_tasks(&self) -> Result<()> {
        if self.event_loop.is_reported_stuck() {
            // They were shown to be stuck for ever: like a process that is killed, they end where they stand.
            return Ok(());
        }
        self.cancel_all_tasks()?;
        // asyncio shuts down its asynchronous generators here. There are none, but what is left over goes on for as many iterations, which
        // can be seen. Then its thread pool.
        self.event_loop.run_until_complete(async { Ok(()) })?;
        let hooks = self.event_loop.take_at_close();
        self.event_loop.run_until_complete(async move {
            let mut outcome = Ok(());
            for hook in hooks {
                outcome = outcome.and(hook().await);
            }
            outcome
        })
    }

    #[track_caller]
    fn cancel_all_tasks(&self) -> Result<()> {
        let left = self.event_loop.all_tasks();
        if left.is_empty() {
            return Ok(());
        }
        cancel_each(left.iter().map(|task| &(**task).0), Error::cancelled());
        let all = gather_on(&self.event_loop, left.iter().map(|task| AnyPromise::clone(task))).return_exceptions();
        self.event_loop.run_until_complete(all)?;
        for task in left {
            if let Ok(Some(error)) = task.error() {
                let message = "unhandled exception during kolo::run() shutdown";
                let context = ExceptionContext {
                    task: Some(task),
                    ..ExceptionContext::new(message).with_error(error)
                };
                self.event_loop.call_exception_handler(&context);
            }
        }
        Ok(())
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Whoever wants to know how it ends calls `close`.
        let _ = self.close();
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Runner of {:?}>", self.event_loop)
    }
}

//! Driving a loop: until something is done, or for ever.

use std::panic::Location;

use crate::block::task::TaskRef;
use crate::edge::signals::Interrupts;
use crate::ground::error::{Awaited, Error, Kind, Result};
use crate::insight::deadlock;
use crate::together::ensure::EnsureFuture;
use crate::wheel::core::{EventLoop, Phase};
use crate::wheel::current;

impl EventLoop {
    /// Runs until the coroutine, task or promise is done, and returns its outcome. Mirrors `loop.run_until_complete`.
    ///
    /// ```
    /// use kolo::{EventLoop, sleep_with};
    ///
    /// let event_loop = EventLoop::new()?;
    /// assert_eq!(event_loop.run_until_complete(sleep_with(0.01, 42))?, 42);
    /// event_loop.close()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// The outcome's own; Runtime, when the loop was stopped before, is closed, or a loop runs on this thread already; Value, for a task
    /// or promise of another loop; Deadlock, when nothing can ever run again.
    #[doc(alias = "block_on")]
    #[track_caller]
    pub fn run_until_complete<A: EnsureFuture>(&self, awaitable: A) -> Result<A::Value> {
        self.check_can_run()?;
        let handle = self.ensure_future(awaitable)?;
        let promise = A::any(&handle);
        let stopper = self.clone();
        let token = promise.add_done_callback(move |promise| {
            // Ctrl-C has ended the run already; its error counts as seen.
            let interrupted = promise
                .error()
                .ok()
                .flatten()
                .is_some_and(|error| error.kind() == Kind::KeyboardInterrupt);
            if !interrupted {
                stopper.stop();
            }
        });
        let outcome = self.run_forever();
        promise.remove_done_callback(token);
        if A::IS_NEW && (outcome.is_err() || !promise.done()) {
            promise.0.head().mark_retrieved();
            TaskRef::new(&promise.0).inspect(|task| task.flags.own_by_run());
        }
        outcome?;
        if !promise.done() {
            return Err(Error::runtime("Event loop stopped before Future completed."));
        }
        promise.0.hand_out(A::outcome(&handle), Awaited::ByRun(Location::caller()))
    }

    /// Runs until [`stop`](EventLoop::stop) is called. Mirrors `loop.run_forever`.
    ///
    /// ```
    /// use kolo::EventLoop;
    ///
    /// let event_loop = EventLoop::new()?;
    /// let stopper = event_loop.clone();
    /// event_loop.call_later(0.01, move || stopper.stop());
    /// event_loop.run_forever()?;
    /// event_loop.close()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Runtime, when the loop is closed, or a loop runs on this thread already; Deadlock, when nothing can ever run again;
    /// KeyboardInterrupt, from a task, and on Ctrl-C in the main thread.
    #[track_caller]
    pub fn run_forever(&self) -> Result<()> {
        let _running = self.enter()?;
        // A runner has taken Ctrl-C already, for its main task.
        let taken = self.0.ctrl_c.borrow().is_some();
        let interrupts = if taken { None } else { Interrupts::take(self, None) };
        self.0.run(&|| deadlock::prove(self))?;
        interrupts.map_or(Ok(()), |interrupts| interrupts.settle(Ok(())))
    }

    #[track_caller]
    fn check_can_run(&self) -> Result<()> {
        match self.0.phase.get() {
            Phase::Closed => Err(Error::runtime("Event loop is closed")),
            Phase::Running => Err(Error::runtime("This event loop is already running")),
            Phase::Idle => current::check_can_enter(),
        }
    }

    /// Makes this the running loop until the guard is dropped.
    #[track_caller]
    pub(crate) fn enter(&self) -> Result<Running<'_>> {
        self.check_can_run()?;
        let entered = current::enter(self)?;
        self.0.inbox.wake_up();
        self.0.phase.set(Phase::Running);
        Ok(Running {
            event_loop: self,
            _entered: entered,
        })
    }
}

/// A loop that is running.
pub(crate) struct Running<'a> {
    event_loop: &'a EventLoop,
    _entered: current::Entered,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // However the run ended: a request to stop belongs to it.
        self.event_loop.0.stopping.set(false);
        self.event_loop.0.phase.set(Phase::Idle);
        self.event_loop.0.inbox.rest();
    }
}

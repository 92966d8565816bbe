//! Driving a loop: until something is done, for ever, or turn by turn.

use crate::block::task::TaskRef;
use crate::edge::signals::Interrupts;
use crate::ground::error::{Error, Kind, Result};
use crate::ground::time::seconds;
use crate::insight::deadlock;
use crate::together::ensure::EnsureFuture;
use crate::wheel::core::{EventLoop, Phase};
use crate::wheel::current;

/// When to run a loop again that is driven by [`EventLoop::turn`], which has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// At once: something is ready.
    Now,
    /// At this time of the loop's clock, or when a watched descriptor or a remote handle has something.
    At(f64),
    /// When a watched descriptor or a remote handle has something.
    Io,
    /// Never: nothing is left that could happen.
    Done,
}

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
    #[track_caller]
    pub fn run_until_complete<A: EnsureFuture>(&self, awaitable: A) -> Result<A::Value> {
        self.check_can_run()?;
        let handle = awaitable.ensure_future_on(self);
        let promise = A::any(&handle);
        promise.0.head().claim(self.0.id)?;
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
        A::outcome(&handle)
    }

    /// Runs until [`stop`](EventLoop::stop) is called. Mirrors `loop.run_forever`.
    ///
    /// # Errors
    /// Runtime, when the loop is closed, or a loop runs on this thread already; Deadlock, when nothing can ever run again;
    /// KeyboardInterrupt, from a task, and on Ctrl-C in the main thread.
    pub fn run_forever(&self) -> Result<()> {
        let _running = self.enter()?;
        // A runner has taken Ctrl-C already, for its main task.
        let taken = self.0.ctrl_c.borrow().is_some();
        let interrupts = if taken { None } else { Interrupts::take(self, None) };
        self.0.run(&|| deadlock::prove(self))?;
        interrupts.map_or(Ok(()), |interrupts| interrupts.settle(Ok(())))
    }

    /// Runs one iteration without ever waiting, for a program with a main loop of its own, and says when to come back.
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    ///
    /// use kolo::{Runner, Turn, sleep_with};
    ///
    /// let runner = Runner::builder().build()?; // closes the loop in good order, however that was run
    /// let event_loop = runner.event_loop();
    /// let task = event_loop.create_task(sleep_with(0.01, 42));
    /// loop {
    ///     // ... draw a frame ...
    ///     match event_loop.turn()? {
    ///         Turn::Now => {}
    ///         Turn::At(_) | Turn::Io => thread::sleep(Duration::from_millis(1)),
    ///         Turn::Done => break,
    ///     }
    /// }
    /// assert_eq!(task.result()?, 42);
    /// runner.close()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// Ctrl-C is left to the program whose main loop it is: between two turns, where nearly all of them come, there is nothing here to cancel.
    ///
    /// # Errors
    /// Runtime, when the loop is closed, or a loop runs on this thread already; KeyboardInterrupt, from a task.
    pub fn turn(&self) -> Result<Turn> {
        let _running = self.enter()?;
        // Whether one of them is ready is found out in the iteration, and then it is too late for the clock to move.
        if !self.0.reactor.is_watching() {
            self.0.jump();
        }
        // A pending stop is what makes an iteration not wait.
        self.stop();
        // With a stop that is pending it does not come to a standstill.
        self.0.run(&|| Ok(()))?;
        Ok(self.next_turn())
    }

    fn check_can_run(&self) -> Result<()> {
        match self.0.phase.get() {
            Phase::Closed => Err(Error::runtime("Event loop is closed")),
            Phase::Running => Err(Error::runtime("This event loop is already running")),
            Phase::Idle => current::check_can_enter(),
        }
    }

    /// Makes this the running loop until the guard is dropped.
    fn enter(&self) -> Result<Running<'_>> {
        self.check_can_run()?;
        let entered = current::enter(self)?;
        self.0.phase.set(Phase::Running);
        Ok(Running {
            event_loop: self,
            _entered: entered,
        })
    }

    /// What to come back for, after a turn.
    fn next_turn(&self) -> Turn {
        let core = &*self.0;
        if !core.ready.is_empty() {
            return Turn::Now;
        }
        core.timers.borrow_mut().drop_cancelled();
        match core.timers.borrow().earliest() {
            Some(deadline) => Turn::At(seconds(deadline)),
            None if core.is_idle_for_ever() && core.tasks.borrow().len() == 0 => Turn::Done,
            None => Turn::Io,
        }
    }
}

/// A loop that is running.
struct Running<'a> {
    event_loop: &'a EventLoop,
    _entered: current::Entered,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // However the run ended: a request to stop belongs to it.
        self.event_loop.0.stopping.set(false);
        self.event_loop.0.phase.set(Phase::Idle);
    }
}

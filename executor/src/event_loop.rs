//! `EventLoop`: all that users ask of a loop.

use std::fmt;
use std::os::fd::AsRawFd;
use std::panic::Location;
use std::rc::Rc;

use crate::clock::Clock;
use crate::context;
use crate::core::{Core, State};
use crate::current;
use crate::ensure::EnsureFuture;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::handle::{Handle, Scheduled, TimerHandle};
use crate::observer::Observer;
use crate::promise::Promise;
use crate::reactor::Interest;
use crate::ready::Entry;
use crate::remote::RemoteHandle;
use crate::report::{ExceptionContext, ExceptionHandler};
use crate::signals::Interrupts;
use crate::task::{self, AnyTask, Task, TaskRef};
use crate::timers::{Delay, Nanos, seconds};

/// An event loop: one thread, one queue. Mirrors asyncio's loop objects.
///
/// A handle: clones are the same loop. Most programs need only [`run`](crate::run); [`running_loop`](crate::running_loop) gives them
/// the loop for its timers and callbacks.
///
/// ```
/// use kolo_executor::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// let stopper = event_loop.clone();
/// event_loop.call_later(0.01, move || stopper.stop());
/// event_loop.run_forever()?;
/// event_loop.close()?;
/// # Ok::<(), kolo_executor::Error>(())
/// ```
#[derive(Clone)]
pub struct EventLoop(pub(crate) Rc<Core>);

/// When to run a loop again that is driven by [`EventLoop::turn`].
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
    /// A new loop, with the clock that `KOLO_CLOCK` names (`real` or `virtual`), in debug mode if `KOLO_DEBUG` is `1`. Mirrors
    /// `asyncio.new_event_loop`.
    ///
    /// # Errors
    /// Value, when `KOLO_CLOCK` is not one of these; Io, when the system gives no more descriptors.
    pub fn new() -> Result<EventLoop> {
        EventLoop::with_clock(Clock::from_env()?)
    }

    /// A new loop with this clock.
    ///
    /// # Errors
    /// Io, when the system gives no more descriptors; Runtime, when there are more than 16,000 loops.
    pub fn with_clock(clock: Clock) -> Result<EventLoop> {
        let debug = std::env::var("KOLO_DEBUG").is_ok_and(|value| value == "1");
        Core::new(clock, debug).map(EventLoop)
    }

    pub(crate) fn from_core(core: Rc<Core>) -> EventLoop {
        EventLoop(core)
    }

    /// Runs until the coroutine, task or promise is done, and returns its outcome. Mirrors `loop.run_until_complete`.
    ///
    /// # Errors
    /// The outcome's own; Runtime, when the loop was stopped before, is closed, or a loop runs on this thread already; Value, for a task
    /// or promise of another loop; Deadlock, when nothing can ever run again.
    #[track_caller]
    pub fn run_until_complete<A: EnsureFuture>(&self, awaitable: A) -> Result<A::Value> {
        self.check_can_run()?;
        let handle = awaitable.ensure_future_on(self);
        let promise = A::any(&handle);
        promise.0.head().claim(&self.0)?;
        let stopper = self.clone();
        let token = promise.add_done_callback(move |promise| {
            // Ctrl-C has ended the run already; its error counts as seen.
            let interrupted = promise
                .error()
                .ok()
                .flatten()
                .is_some_and(|error| error.kind() == crate::Kind::KeyboardInterrupt);
            if !interrupted {
                stopper.stop();
            }
        });
        let outcome = self.run_forever();
        promise.remove_done_callback(token);
        if A::IS_NEW && (outcome.is_err() || !promise.done()) {
            promise.0.head().mark_retrieved();
            TaskRef::new(&promise.0).inspect(|task| task.mark_owned_by_run());
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
        let taken = self.0.interrupts.borrow().is_some();
        let interrupts = if taken { None } else { Interrupts::take(&self.0, None) };
        self.0.run()?;
        interrupts.map_or(Ok(()), |interrupts| interrupts.settle(Ok(())))
    }

    /// Runs one iteration without ever waiting, for a program with a main loop of its own, and says when to come back.
    ///
    /// # Errors
    /// As [`run_forever`](EventLoop::run_forever), but for the deadlock: [`Turn::Done`] tells that nothing is left.
    pub fn turn(&self) -> Result<Turn> {
        let _running = self.enter()?;
        self.0.jump();
        // A pending stop is what makes an iteration not wait.
        self.stop();
        self.0.run()?;
        Ok(self.0.next_turn())
    }

    fn check_can_run(&self) -> Result<()> {
        match self.0.state.get() {
            State::Closed => Err(Error::runtime("Event loop is closed")),
            State::Running => Err(Error::runtime("This event loop is already running")),
            State::Idle => current::check_can_enter(),
        }
    }

    /// Makes this the running loop until the guard is dropped.
    fn enter(&self) -> Result<Running<'_>> {
        self.check_can_run()?;
        let entered = current::enter(&self.0)?;
        self.0.state.set(State::Running);
        Ok(Running {
            core: &self.0,
            _entered: entered,
        })
    }

    /// Asks the loop to return from `run_forever` at the end of the iteration, which completes. Mirrors `loop.stop`.
    pub fn stop(&self) {
        self.0.stopping.set(true);
    }

    /// Whether it is running. Mirrors `loop.is_running`.
    pub fn is_running(&self) -> bool {
        self.0.state.get() == State::Running
    }

    /// Whether it was closed. Mirrors `loop.is_closed`.
    pub fn is_closed(&self) -> bool {
        self.0.state.get() == State::Closed
    }

    /// Drops all tasks, callbacks and timers, and reports the tasks that were not done. Closing twice does no harm. Mirrors
    /// `loop.close`.
    ///
    /// # Errors
    /// Runtime, while it is running.
    pub fn close(&self) -> Result<()> {
        if self.is_running() {
            return Err(Error::runtime("Cannot close a running event loop"));
        }
        self.0.shut();
        Ok(())
    }

    /// The time of the loop's clock in seconds, from its creation. Mirrors `loop.time`.
    pub fn time(&self) -> f64 {
        seconds(self.0.time.now())
    }

    /// How many iterations it has run so far.
    pub fn iterations(&self) -> u64 {
        self.0.iterations.get()
    }

    /// Calls `callback` in the next iteration, in a copy of the current context. Mirrors `loop.call_soon`.
    ///
    /// A callback that panics is reported to the exception handler. On a closed loop the callback is dropped, and its handle says that it
    /// is cancelled; so with [`call_later`](EventLoop::call_later) and [`call_at`](EventLoop::call_at).
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        self.call_soon_in(context::current(), callback)
    }

    /// [`call_soon`](EventLoop::call_soon) in this context. Mirrors `loop.call_soon(context=...)`.
    pub fn call_soon_in(&self, context: context::Context, callback: impl FnOnce() + 'static) -> Handle {
        let scheduled = Scheduled::once(self.0.id, context, callback);
        if self.is_closed() {
            scheduled.cancel();
        }
        self.0.let_letters_go_first();
        self.0.queue(|| Entry::Call(scheduled.clone()));
        Handle(scheduled)
    }

    /// Calls `callback` when `delay` has passed. Callbacks with one deadline run in the order of the calls; a closed loop refuses them as
    /// [`call_soon`](EventLoop::call_soon) does. Mirrors `loop.call_later`.
    ///
    /// # Panics
    /// When `delay` is NaN.
    #[track_caller]
    pub fn call_later(&self, delay: impl Delay, callback: impl FnOnce() + 'static) -> TimerHandle {
        let when = self.0.time.now().saturating_add(not_nan("call_later", delay));
        self.call_at_nanos(when, callback)
    }

    /// Calls `callback` at this [`time`](EventLoop::time), or soon if it has passed. Mirrors `loop.call_at`.
    ///
    /// # Panics
    /// When `when` is NaN.
    #[track_caller]
    pub fn call_at(&self, when: impl Delay, callback: impl FnOnce() + 'static) -> TimerHandle {
        self.call_at_nanos(not_nan("call_at", when), callback)
    }

    fn call_at_nanos(&self, when: Nanos, callback: impl FnOnce() + 'static) -> TimerHandle {
        let scheduled = Scheduled::once(self.0.id, context::current(), callback);
        if self.is_closed() {
            scheduled.cancel();
        } else {
            scheduled.set_timer(self.0.arm_timer(when, Entry::Call(scheduled.clone())));
        }
        TimerHandle { scheduled, when }
    }

    /// Makes a task of a coroutine, whether or not the loop is running. Mirrors `loop.create_task`.
    #[track_caller]
    pub fn create_task<T: 'static>(&self, coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
        task::spawn(&self.0, coroutine, None, None, Location::caller())
    }

    /// A pending promise of this loop. Mirrors `loop.create_future`.
    pub fn create_promise<T: 'static>(&self) -> Promise<T> {
        let promise = Promise::unbound();
        promise.head().bind(self.0.id);
        promise
    }

    /// The unfinished tasks, in the order of their creation. Mirrors `asyncio.all_tasks(loop)`.
    pub fn all_tasks(&self) -> Vec<AnyTask> {
        self.0.all_tasks()
    }

    /// Who waits for whom: each unfinished task once, on a line of its own, below a task that waits for it and indented by two spaces
    /// more. At the left stand those for which nobody waits, in the order of their creation, then those that wait only for each other.
    ///
    /// ```
    /// use kolo_executor::{create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let child = create_task(sleep(1));
    ///     let parent = create_task(async move { child.await });
    ///     sleep(0).await?;
    ///     // Task-1 is running
    ///     // Task-3 waits for Task-2 at src/main.rs:6
    ///     //   Task-2 waits at src/main.rs:5
    ///     println!("{}", running_loop().task_tree());
    ///     parent.await
    /// })
    /// .unwrap();
    /// ```
    pub fn task_tree(&self) -> String {
        Graph::of(&self.0).tree()
    }

    /// A handle for other threads.
    pub fn remote(&self) -> RemoteHandle {
        RemoteHandle::new(&self.0)
    }

    /// Calls `callback` in every iteration in which the descriptor can be read from, instead of the one given before. Mirrors
    /// `loop.add_reader`.
    ///
    /// # Errors
    /// Io, when the descriptor cannot be watched.
    pub fn add_reader(&self, descriptor: &impl AsRawFd, callback: impl FnMut() + 'static) -> Result<()> {
        self.watch(descriptor, Interest::Read, callback)
    }

    /// Calls `callback` in every iteration in which the descriptor can be written to, instead of the one given before. Mirrors
    /// `loop.add_writer`.
    ///
    /// # Errors
    /// Io, when the descriptor cannot be watched.
    pub fn add_writer(&self, descriptor: &impl AsRawFd, callback: impl FnMut() + 'static) -> Result<()> {
        self.watch(descriptor, Interest::Write, callback)
    }

    fn watch(&self, descriptor: &impl AsRawFd, interest: Interest, callback: impl FnMut() + 'static) -> Result<()> {
        if self.is_closed() {
            return Err(Error::runtime("Event loop is closed"));
        }
        let scheduled = Scheduled::repeatedly(self.0.id, context::current(), callback);
        self.0.reactor.watch(descriptor.as_raw_fd(), interest, scheduled)
    }

    /// Stops what [`add_reader`](EventLoop::add_reader) began; `false` when it was not there. Mirrors `loop.remove_reader`.
    pub fn remove_reader(&self, descriptor: &impl AsRawFd) -> bool {
        self.0.reactor.unwatch(descriptor.as_raw_fd(), Interest::Read)
    }

    /// Stops what [`add_writer`](EventLoop::add_writer) began; `false` when it was not there. Mirrors `loop.remove_writer`.
    pub fn remove_writer(&self, descriptor: &impl AsRawFd) -> bool {
        self.0.reactor.unwatch(descriptor.as_raw_fd(), Interest::Write)
    }

    /// Has errors that nobody handles passed to `handler` instead of printed to standard error; `None` goes back to that. Mirrors
    /// `loop.set_exception_handler`.
    pub fn set_exception_handler(&self, handler: Option<ExceptionHandler>) {
        let before = self.0.handler.replace(handler);
        drop(before);
    }

    /// What was given to [`set_exception_handler`](EventLoop::set_exception_handler). Mirrors `loop.get_exception_handler`.
    pub fn exception_handler(&self) -> Option<ExceptionHandler> {
        self.0.handler.borrow().clone()
    }

    /// Passes an error to the exception handler. Mirrors `loop.call_exception_handler`.
    pub fn call_exception_handler(&self, context: &ExceptionContext) {
        self.0.call_exception_handler(context);
    }

    /// In debug mode, steps and callbacks that take longer than [`slow_callback_duration`](EventLoop::slow_callback_duration) are
    /// told of on standard error. Mirrors `loop.set_debug`.
    pub fn set_debug(&self, debug: bool) {
        self.0.debug.set(debug);
    }

    /// Whether debug mode is on. Mirrors `loop.get_debug`.
    pub fn debug(&self) -> bool {
        self.0.debug.get()
    }

    /// From how many seconds on a step counts as slow; 0.1 unless it was changed.
    pub fn slow_callback_duration(&self) -> f64 {
        seconds(self.0.slow_callback.get())
    }

    /// See [`slow_callback_duration`](EventLoop::slow_callback_duration).
    ///
    /// # Panics
    /// When `duration` is NaN.
    #[track_caller]
    pub fn set_slow_callback_duration(&self, duration: impl Delay) {
        self.0.slow_callback.set(not_nan("set_slow_callback_duration", duration));
    }

    /// Whether a run in which nothing can happen any more ends with an error of kind Deadlock, as it does unless told otherwise, or
    /// waits for ever, as asyncio does.
    pub fn set_deadlock_detection(&self, on: bool) {
        self.0.proves_deadlock.set(on);
    }

    /// Has `observer` told of everything that happens; `None` ends that.
    pub fn set_observer(&self, observer: Option<Rc<dyn Observer>>) {
        self.0.set_observer(observer);
    }
}

#[track_caller]
fn not_nan(what: &str, delay: impl Delay) -> Nanos {
    delay
        .nanos()
        .unwrap_or_else(|| panic!("{what}: the time is NaN (not a number)"))
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<EventLoop running={} closed={} debug={}>",
            self.is_running(),
            self.is_closed(),
            self.debug()
        )
    }
}

impl PartialEq for EventLoop {
    fn eq(&self, other: &EventLoop) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for EventLoop {}

impl futures_task::LocalSpawn for EventLoop {
    fn spawn_local_obj(&self, future: futures_task::LocalFutureObj<'static, ()>) -> Result<(), futures_task::SpawnError> {
        if self.is_closed() {
            return Err(futures_task::SpawnError::shutdown());
        }
        self.create_task(async move {
            future.await;
            Ok(())
        });
        Ok(())
    }
}

/// A loop that is running.
struct Running<'a> {
    core: &'a Core,
    _entered: current::Entered,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // However the run ended: a request to stop belongs to it.
        self.core.stopping.set(false);
        self.core.state.set(State::Idle);
    }
}

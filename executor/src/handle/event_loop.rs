//! `EventLoop`: what users ask of a loop, but for running it.

use std::collections::HashMap;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::block::callback::Scheduled;
use crate::block::coroutine::Coroutine;
use crate::block::exception::{ExceptionContext, ExceptionHandler};
use crate::block::listener::Listener;
use crate::block::observer::Observer;
use crate::block::raw::Ref;
use crate::block::task::AnyTask;
use crate::ground::attention::DEBUG;
use crate::ground::clock::Clock;
use crate::ground::context::Context;
use crate::ground::environment;
use crate::ground::error::{Error, Result};
use crate::ground::stats;
use crate::ground::time::{Delay, Nanos, seconds};
use crate::handle::callback_handle::{self, Handle, TimerHandle};
use crate::handle::promise::Promise;
use crate::handle::queue_view::QueueView;
use crate::wheel::core::{AtClose, Core, EventLoop};
use crate::wheel::current;
use crate::wheel::current_context;
use crate::wheel::entry::Entry;
use crate::wheel::resource::Resource;

impl EventLoop {
    /// A new loop, with the clock that `KOLO_CLOCK` names: `real`, as it is when nothing is said, or `virtual`. Mirrors
    /// `asyncio.new_event_loop`.
    ///
    /// # Errors
    /// Value, when `KOLO_CLOCK` is not one of these; as [`with_clock`](EventLoop::with_clock).
    #[doc(alias = "new_event_loop")]
    pub fn new() -> Result<EventLoop> {
        EventLoop::with_clock(Clock::from_env()?)
    }

    /// A new loop with this clock, in debug mode if `KOLO_DEBUG` is `1` or `true`; it is not if that is `0`, `false`, empty or unset.
    ///
    /// # Errors
    /// Value, when `KOLO_DEBUG` or `KOLO_STATS` is anything else; Io, when the system gives no more descriptors; Runtime, when there are more
    /// than 16,000 loops, or a thread holds promises of tens of thousands of loops that are gone.
    pub fn with_clock(clock: Clock) -> Result<EventLoop> {
        let debug = environment::switch("KOLO_DEBUG")?;
        // Its word is wanted only when the loop closes, which is too late to refuse one.
        stats::asked_for()?;
        Core::new(clock, debug).map(current::register)
    }

    /// Asks the loop to return from `run_forever` at the end of the iteration, which completes. Mirrors `loop.stop`.
    pub fn stop(&self) {
        self.0.stopping.set(true);
    }

    /// Whether it is running. Mirrors `loop.is_running`.
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Whether it was closed. Mirrors `loop.is_closed`.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Drops all tasks, callbacks and timers, and reports the tasks that were not done. Closing twice does no harm. Mirrors
    /// `loop.close`.
    ///
    /// # Errors
    /// Runtime, while it is running.
    #[track_caller]
    pub fn close(&self) -> Result<()> {
        if self.is_running() {
            return Err(Error::runtime("Cannot close a running event loop"));
        }
        self.0.close();
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
    /// ```
    /// use kolo::{Promise, run, running_loop};
    ///
    /// let answer = run(async {
    ///     let promise = Promise::new();
    ///     let setter = promise.clone();
    ///     running_loop().call_soon(move || setter.set_result(42).expect("nobody else sets it"));
    ///     let never = running_loop().call_later(3600, || unreachable!("it is taken back"));
    ///     never.cancel();
    ///     promise.await
    /// });
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    ///
    /// A callback that panics is reported to the exception handler. On a closed loop the callback is dropped, and its handle says that it
    /// is cancelled; so with [`call_later`](EventLoop::call_later) and [`call_at`](EventLoop::call_at).
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        self.call_soon_in(current_context::current(), callback)
    }

    /// [`call_soon`](EventLoop::call_soon) in this context. Mirrors `loop.call_soon(context=...)`.
    pub fn call_soon_in(&self, context: Context, callback: impl FnOnce() + 'static) -> Handle {
        let scheduled = Scheduled::once(self.0.id, context, callback);
        if self.is_closed() {
            callback_handle::cancel(&scheduled);
        }
        self.0.observe_scheduled(scheduled.token);
        self.0.let_letters_go_first();
        self.0.queue(|| Entry::Call(scheduled.clone()));
        Handle(scheduled)
    }

    /// Calls `callback` when `delay` (seconds, or a [`Duration`](std::time::Duration)) has passed. Callbacks with one deadline run in the order of the calls; a closed loop refuses them as
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
        let scheduled = Scheduled::once(self.0.id, current_context::current(), callback);
        self.0.observe_scheduled(scheduled.token);
        if self.is_closed() {
            callback_handle::cancel(&scheduled);
        } else {
            scheduled.set_timer(self.0.arm_timer(when, Entry::Call(scheduled.clone())));
        }
        TimerHandle { scheduled, when }
    }

    /// A pending promise of this loop. Mirrors `loop.create_future`.
    #[doc(alias = "create_future")]
    pub fn create_promise<T: 'static>(&self) -> Promise<T> {
        let promise = Promise::unbound();
        promise.head().bind(self.0.id);
        promise
    }

    /// The unfinished tasks, in the order of their creation. Mirrors `asyncio.all_tasks(loop)`.
    pub fn all_tasks(&self) -> Vec<AnyTask> {
        self.0.all_tasks().iter().map(AnyTask::of).collect()
    }

    /// Has errors that nobody handles passed to `handler` instead of printed to standard error; `None` goes back to that. Mirrors
    /// `loop.set_exception_handler`.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use std::rc::Rc;
    ///
    /// use kolo::{ExceptionContext, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let messages = Rc::new(RefCell::new(Vec::new()));
    ///     let list = messages.clone();
    ///     let handler = move |context: &ExceptionContext| list.borrow_mut().push(context.message.clone());
    ///     running_loop().set_exception_handler(Some(Rc::new(handler)));
    ///     running_loop().call_soon(|| panic!("nobody is there to be told"));
    ///     sleep(0).await?;
    ///     assert_eq!(messages.borrow().len(), 1);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn set_exception_handler(&self, handler: Option<ExceptionHandler>) {
        let before = self.0.handler.replace(handler);
        drop(before);
    }

    /// What was given to [`set_exception_handler`](EventLoop::set_exception_handler). Mirrors `loop.get_exception_handler`.
    #[doc(alias = "get_exception_handler")]
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
        self.0.attention.turn(DEBUG, debug);
    }

    /// Whether debug mode is on. Mirrors `loop.get_debug`.
    #[doc(alias = "get_debug")]
    pub fn debug(&self) -> bool {
        self.0.attention.is_on(DEBUG)
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

    /// Whether a run in which only a watched descriptor could still give something to do waits for it, as it does unless told otherwise: on the
    /// virtual clock, where there is a timer, for two milliseconds before the clock jumps.
    ///
    /// Where all that could happen to the descriptors is done by this loop itself, as with pairs of sockets in a test, there is nothing to
    /// wait for once a look has found none of them ready. Told so, the virtual clock jumps then, and a deadlock is proved.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{running_loop, sleep, testing};
    ///
    /// testing::run(async {
    ///     running_loop().set_waits_for_descriptors(false);
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     running_loop().add_reader(&ours, || unreachable!("nothing was sent"))?;
    ///     sleep(3600).await // takes no time
    /// })
    /// .unwrap();
    /// ```
    pub fn set_waits_for_descriptors(&self, on: bool) {
        self.0.waits_for_descriptors.set(on);
    }

    /// Has `observer` told of everything that happens from now on, after those that were added before.
    pub fn add_observer(&self, observer: Rc<dyn Observer>) {
        self.0.add_observer(observer);
    }

    /// Ends what [`add_observer`](EventLoop::add_observer) began; `false` when it was not there.
    pub fn remove_observer<O: Observer + ?Sized>(&self, observer: &Rc<O>) -> bool {
        self.0.remove_observer(observer)
    }

    /// Says that something outside may still happen that this loop is to wait for, until the guard is dropped: meanwhile a run in which
    /// nothing can happen is no deadlock, and the virtual clock does not jump. A watched descriptor, a
    /// [`RemoteHandle`](crate::RemoteHandle), a [`RemoteRef`](crate::RemoteRef) and a [`Completer`](crate::Completer) say so by themselves.
    ///
    /// ```
    /// use kolo::{Promise, run, running_loop};
    ///
    /// let answer = run(async {
    ///     let promise = Promise::new();
    ///     let setter = promise.clone();
    ///     running_loop().call_later(0.01, move || drop(setter.set_result(42)));
    ///     let _alive = running_loop().keep_alive();
    ///     promise.await
    /// });
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    pub fn keep_alive(&self) -> KeepAlive {
        self.0.kept_alive.set(self.0.kept_alive.get() + 1);
        KeepAlive(Rc::downgrade(&self.0))
    }

    /// Has a runner run the coroutine that `hook` makes when it [closes](crate::Runner::close), after the tasks that were left and before the
    /// loop is closed: where asyncio shuts down its thread pool. Hooks run one after the other, in the order in which they were added. A loop
    /// that is closed without a runner drops its hooks unused.
    ///
    /// ```
    /// use kolo::{run, running_loop, sleep};
    ///
    /// run(async {
    ///     running_loop().at_close(|| async {
    ///         sleep(0.01).await?; // wait for somebody to finish
    ///         Ok(())
    ///     });
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// The first error of a hook is that of [`close`](crate::Runner::close); the others run all the same.
    #[doc(alias("shutdown_asyncgens", "shutdown_default_executor"))]
    pub fn at_close<C>(&self, hook: impl FnOnce() -> C + 'static)
    where
        C: Coroutine<Value = ()> + 'static,
    {
        self.0.at_close.borrow_mut().push(Box::new(|| Box::pin(hook())));
    }

    pub(crate) fn take_at_close(&self) -> Vec<AtClose> {
        self.0.at_close.take()
    }

    /// Whether nothing can ever run again, as far as that is to be told.
    pub(crate) fn standstill(&self) -> Standstill {
        if !self.0.proves_deadlock.get() || !self.0.is_idle_for_ever() {
            Standstill::None
        } else if self.0.any_woken_by_others() {
            Standstill::NotProved
        } else if self.0.is_idle_for_ever() {
            // Looked at once more, after that: the last copy of a waker may have been used in between.
            Standstill::Proved
        } else {
            Standstill::None
        }
    }

    /// The tasks that are left are named in a deadlock's report.
    pub(crate) fn report_stuck(&self) {
        self.0.reported_stuck.set(true);
    }

    /// Whether it is to be said that a standstill is not proved to be a deadlock: in debug mode, once.
    pub(crate) fn reports_doubt(&self) -> bool {
        self.debug() && !self.0.reported_doubt.replace(true)
    }

    pub(crate) fn is_reported_stuck(&self) -> bool {
        self.0.reported_stuck.get()
    }

    /// The queues of primitives in which a task of this loop has ever waited, as far as they still exist, in the order in which they were
    /// first waited in: who waits there, and who holds what they wait for.
    pub fn queues(&self) -> Vec<QueueView> {
        self.0.queues.all().into_iter().map(QueueView).collect()
    }
}

/// For the stack of one task: from it to what it waits for.
impl EventLoop {
    /// The queue in which the task waits, with all that it has registered.
    pub(crate) fn queue_of(&self, task: &AnyTask) -> Option<QueueView> {
        let task = task.head();
        let in_berth = task.berth.get().is_taken().then(|| task.erased().clone());
        // Such a wait has a promise of its own.
        let apart = task.waiting_on().filter(Ref::is_open);
        let waits: Vec<Ref> = in_berth.into_iter().chain(apart).collect();
        let has = |queue: &Rc<dyn Resource>| waits.iter().any(|wait| queue.has(wait));
        self.0.queues.all().into_iter().rfind(has).map(QueueView)
    }

    /// The waits and groups of tasks: whom each has go on, by its address, and what for.
    pub(crate) fn tellers(&self) -> HashMap<usize, Vec<Listener>> {
        let mut tellers: HashMap<usize, Vec<Listener>> = HashMap::new();
        for listener in self.0.tellers.all() {
            if let Some(awaiter) = listener.awaiter() {
                tellers.entry(awaiter.address()).or_default().push(listener);
            }
        }
        tellers
    }
}

#[track_caller]
fn not_nan(what: &str, delay: impl Delay) -> Nanos {
    match delay.nanos() {
        Some(nanos) => nanos,
        None => panic!("{what}: the time is NaN (not a number)"),
    }
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

/// Whether a loop has come to a standstill.
pub(crate) enum Standstill {
    /// Something is ready or armed, or can come from outside.
    None,
    /// None of that; but a task waits for something that is not of kolo, or something that is not may have its waker.
    NotProved,
    /// Every task is parked on something of kolo's, which only this thread can complete.
    Proved,
}

/// Says that something outside may still happen, while it lives; from [`EventLoop::keep_alive`].
#[must_use = "nothing is kept alive once it is dropped"]
pub struct KeepAlive(Weak<Core>);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        if let Some(core) = self.0.upgrade() {
            core.kept_alive.set(core.kept_alive.get() - 1);
        }
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<KeepAlive>")
    }
}

/// The loop that runs on this thread. Mirrors `asyncio.get_running_loop`.
///
/// ```
/// use kolo::{run, running_loop};
///
/// run(async {
///     println!("{:.3} s", running_loop().time());
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// When none runs; see [`try_running_loop`].
#[doc(alias("get_running_loop", "get_event_loop"))]
#[track_caller]
pub fn running_loop() -> EventLoop {
    current::expect("running_loop")
}

/// The loop that runs on this thread.
///
/// # Errors
/// Runtime, when none runs.
#[doc(alias("get_running_loop", "try_current"))]
#[track_caller]
pub fn try_running_loop() -> Result<EventLoop> {
    current::demand()
}

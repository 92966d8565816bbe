//! `EventLoop`: what users ask of a loop, but for running it.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::block::coroutine::Coroutine;
use crate::block::exception::{ExceptionContext, ExceptionHandler};
use crate::block::listener::Listener;
use crate::block::observer::Observer;
use crate::block::raw::Ref;
use crate::block::task::AnyTask;
use crate::ground::attention::DEBUG;
use crate::ground::clock::Clock;
use crate::ground::environment;
use crate::ground::error::{Error, Result};
use crate::ground::stats;
use crate::ground::time::{Delay, seconds};
use crate::handle::callbacks::not_nan;
use crate::handle::promise::Promise;
use crate::handle::queue_view::QueueView;
use crate::wheel::core::{AtClose, Core, EventLoop};
use crate::wheel::current;
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
    /// ```
    /// use kolo::{Clock, EventLoop, sleep};
    ///
    /// let event_loop = EventLoop::with_clock(Clock::Virtual)?;
    /// event_loop.run_until_complete(sleep(3600))?; // takes no time
    /// assert_eq!(event_loop.time(), 3600.0);
    /// println!("{} iterations", event_loop.iterations());
    /// event_loop.close()?;
    /// assert!(event_loop.is_closed() && !event_loop.is_running());
    /// # Ok::<(), kolo::Error>(())
    /// ```
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
    ///
    /// ```
    /// use kolo::EventLoop;
    ///
    /// let event_loop = EventLoop::new()?;
    /// event_loop.call_soon({
    ///     let event_loop = event_loop.clone();
    ///     move || event_loop.stop()
    /// });
    /// event_loop.run_forever()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
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

    /// A pending promise of this loop. Mirrors `loop.create_future`.
    ///
    /// ```
    /// use kolo::EventLoop;
    ///
    /// let event_loop = EventLoop::new()?;
    /// let promise = event_loop.create_promise();
    /// let setter = promise.clone();
    /// event_loop.call_soon(move || drop(setter.set_result(42)));
    /// assert_eq!(event_loop.run_until_complete(promise)?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    #[doc(alias = "create_future")]
    pub fn create_promise<T: 'static>(&self) -> Promise<T> {
        let promise = Promise::unbound();
        promise.head().bind(self.0.id);
        promise
    }

    /// The unfinished tasks, in the order of their creation. Mirrors `asyncio.all_tasks(loop)`.
    ///
    /// ```
    /// use kolo::{create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let _task = create_task(sleep(10));
    ///     let names: Vec<String> = running_loop().all_tasks().iter().map(|task| task.name()).collect();
    ///     assert_eq!(names, ["Task-1", "Task-2"]);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// use kolo::{ExceptionContext, run, running_loop};
    ///
    /// run(async {
    ///     let event_loop = running_loop();
    ///     let before = event_loop.exception_handler();
    ///     event_loop.set_exception_handler(Some(Rc::new(|context: &ExceptionContext| {
    ///         println!("for the log: {}", context.message);
    ///     })));
    ///     event_loop.call_exception_handler(&ExceptionContext::new("something is odd"));
    ///     event_loop.set_exception_handler(before);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kolo::{run, running_loop, sleep};
    ///
    /// run(async {
    ///     let event_loop = running_loop();
    ///     event_loop.set_debug(true);
    ///     event_loop.set_slow_callback_duration(0.01);
    ///     assert!(event_loop.debug() && event_loop.slow_callback_duration() == 0.01);
    ///     std::thread::sleep(Duration::from_millis(20)); // which is told of when this step ends
    ///     sleep(0).await
    /// })
    /// .unwrap();
    /// ```
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

    /// Has `observer` told of everything that happens from now on, after those that were added before.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// use kolo::{Observer, run, running_loop, sleep};
    ///
    /// #[derive(Default)]
    /// struct Iterations(Cell<u32>);
    ///
    /// impl Observer for Iterations {
    ///     fn iteration_begins(&self, _number: u64) {
    ///         self.0.set(self.0.get() + 1);
    ///     }
    /// }
    ///
    /// run(async {
    ///     let iterations = Rc::new(Iterations::default());
    ///     running_loop().add_observer(iterations.clone());
    ///     sleep(0).await?;
    ///     assert!(running_loop().remove_observer(&iterations));
    ///     assert_eq!(iterations.0.get(), 1);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn add_observer(&self, observer: Rc<dyn Observer>) {
        self.0.add_observer(observer);
    }

    /// Ends what [`add_observer`](EventLoop::add_observer) began; `false` when it was not there.
    pub fn remove_observer<O: Observer + ?Sized>(&self, observer: &Rc<O>) -> bool {
        self.0.remove_observer(observer)
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

    /// The queues of primitives in which a task of this loop has ever waited, as far as they still exist, in the order in which they were
    /// first waited in: who waits there, and who holds what they wait for.
    ///
    /// ```
    /// use kolo::{Event, create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let door = Event::new();
    ///     let visitor = door.clone();
    ///     let task = create_task(async move { visitor.wait().await });
    ///     sleep(0).await?;
    ///     for queue in running_loop().queues() {
    ///         println!("{}: {} wait", queue.kind(), queue.waiting().len()); // Event.wait: 1 wait
    ///     }
    ///     door.set();
    ///     task.await?;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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
/// ```
/// assert!(kolo::try_running_loop().is_err());
/// kolo::run(async { kolo::try_running_loop().map(drop) }).unwrap();
/// ```
///
/// # Errors
/// Runtime, when none runs.
#[doc(alias("get_running_loop", "try_current"))]
#[track_caller]
pub fn try_running_loop() -> Result<EventLoop> {
    current::demand()
}

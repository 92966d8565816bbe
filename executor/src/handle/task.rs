//! `Task`: a coroutine that runs on its own, and how one is made.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;

use crate::block::callback::CallbackToken;
use crate::block::coroutine::Coroutine;
use crate::block::identity::Identity;
use crate::block::raw;
use crate::block::task::{AnyTask, TaskHead, TaskRef};
use crate::ground::context::Context;
use crate::ground::error::Result;
use crate::handle::promise::Promise;
use crate::wheel::core::EventLoop;
use crate::wheel::current;
use crate::wheel::current_context;

/// A coroutine that runs on its own, and the promise of its outcome. Mirrors `asyncio.Task`.
///
/// A handle: clones are the same task, and dropping one neither cancels nor detaches anything, the loop keeps the task. A task
/// *is* a [`Promise`], with all its methods: `done`, `cancelled`, `result`, `error`, `add_done_callback`. Awaiting a `Task` moves the
/// value out, awaiting a `&Task` clones it.
///
/// [`cancel`](Promise::cancel) is a request, as in asyncio: the await at which the task stands returns
/// [`Kind::Cancelled`](crate::Kind::Cancelled), and the coroutine may clean up, with awaits, or go on. A task that has not begun never
/// does. A task whose coroutine panics fails with [`Kind::Panic`](crate::Kind::Panic).
///
/// ```
/// use kolo::{create_task, run, sleep};
///
/// run(async {
///     let task = create_task(async {
///         sleep(10).await?;
///         Ok("done")
///     });
///     sleep(0).await?;
///     assert!(task.cancel());
///     assert!((&task).await.unwrap_err().is_cancelled());
///     assert!(task.cancelled());
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// A task is a handle and no future: combinators of other crates (`select!`, `join_all`, `FuturesUnordered`, `race`) are given its future,
/// [`into_future`](IntoFuture::into_future), which `.await` calls by itself. That of a reference leaves the task to be used again:
///
/// ```
/// use futures_util::future::FutureExt;
/// use futures_util::select;
/// use kolo::{create_task, run, sleep, sleep_with};
///
/// run(async {
///     let task = create_task(sleep_with(3600, "slow"));
///     select! {
///         value = (&task).into_future().fuse() => unreachable!("{value:?}"),
///         waited = sleep(0.01).fuse() => waited?,
///     }
///     assert!(!task.done()); // an await that is dropped ends nothing but itself
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// An await fails as that of a [`Promise`] does; what the coroutine returns comes out, and Panic, if it has panicked.
///
/// # Cancel safety
/// Cancelling a task that awaits this one cancels both; [`shield`](crate::shield()) cuts that. Dropping the await cancels neither.
///
/// It stays in the thread of its loop:
///
/// ```compile_fail
/// fn send<T: Send>() {}
/// send::<kolo::Task<()>>();
/// ```
#[doc(alias("JoinHandle", "AbortHandle"))]
pub struct Task<T>(Promise<T>);

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task(self.0.clone())
    }
}

impl<T> Deref for Task<T> {
    type Target = Promise<T>;

    fn deref(&self) -> &Promise<T> {
        &self.0
    }
}

impl Task<()> {
    /// For a task with a name or a context of its own, whatever its value.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl<T: 'static> Task<T> {
    /// Calls `callback` with this task, one hop after it is done; see [`Promise::add_done_callback`].
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&Task<T>) + 'static) -> CallbackToken {
        self.0.add_done_callback(|promise| callback(&Task(promise.clone())))
    }

    /// This task without the type of its value.
    ///
    /// ```
    /// use kolo::{Result, create_task, run, sleep};
    ///
    /// run(async {
    ///     let (number, word) = (create_task(async { Ok(1) }), create_task(async { Ok("one") }));
    ///     for task in [number.as_any_task(), word.as_any_task()] {
    ///         task.cancel();
    ///         println!("{} of {}", task.name(), task.created_at());
    ///     }
    ///     sleep(0).await
    /// })
    /// .unwrap();
    /// ```
    pub fn as_any_task(&self) -> AnyTask {
        AnyTask::from_task(self.0.as_any())
    }

    fn head(&self) -> TaskRef {
        self.as_any_task().head()
    }

    /// The name: `Task-N` unless it was given another. Mirrors `Task.get_name`.
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.head().name()
    }

    /// Gives it another name. Mirrors `Task.set_name`.
    ///
    /// ```
    /// use kolo::{create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(async { Ok(()) });
    ///     task.set_name("deep thought");
    ///     assert_eq!(task.name(), "deep thought");
    ///     println!("{} was created at {}", task.name(), task.created_at()); // src/main.rs:4:16
    ///     assert!(task.event_loop()?.is_running());
    ///     task.add_done_callback(|task| println!("{} is done", task.name()));
    ///     task.await
    /// })
    /// .unwrap();
    /// ```
    pub fn set_name(&self, name: impl fmt::Display) {
        self.as_any_task().set_name(name);
    }

    /// How many cancellations were requested and not taken back by [`uncancel`](Task::uncancel). Mirrors `Task.cancelling`.
    pub fn cancelling(&self) -> u32 {
        self.head().requests()
    }

    /// Takes one request to cancel back, and returns how many are left. With the last, a cancellation that was not delivered yet is
    /// called off. Mirrors `Task.uncancel`.
    ///
    /// ```
    /// use kolo::{create_task, run, sleep};
    ///
    /// run(async {
    ///     let task = create_task(async {
    ///         let stopped = sleep(10).await;
    ///         assert!(stopped.unwrap_err().is_cancelled());
    ///         let me = kolo::current_task().unwrap();
    ///         assert_eq!(me.cancelling(), 1);
    ///         assert_eq!(me.uncancel(), 0); // it goes on as if nobody had asked
    ///         Ok("not today")
    ///     });
    ///     sleep(0).await?;
    ///     task.cancel();
    ///     assert_eq!(task.await?, "not today");
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn uncancel(&self) -> u32 {
        self.head().uncancel()
    }

    /// The context in which it runs. Mirrors `Task.get_context`.
    ///
    /// ```
    /// use kolo::{ContextVar, create_task, run};
    ///
    /// thread_local!(static USER: ContextVar<&'static str> = ContextVar::new("user"));
    ///
    /// run(async {
    ///     let task = create_task(async {
    ///         USER.with(|user| user.set("Ann"));
    ///         Ok(())
    ///     });
    ///     (&task).await?;
    ///     assert_eq!(task.context().run(|| USER.with(|user| user.get())).unwrap(), "Ann");
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Context {
        self.as_any_task().context()
    }

    /// Where the task was created.
    pub fn created_at(&self) -> &'static Location<'static> {
        self.head().created_at
    }

    /// The loop that runs it. Mirrors `Task.get_loop`.
    ///
    /// # Errors
    /// Runtime, when the loop no longer exists.
    #[doc(alias = "get_loop")]
    #[track_caller]
    pub fn event_loop(&self) -> Result<EventLoop> {
        self.as_any_task().event_loop()
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A task that is yet to be created; from [`Task::builder`].
///
/// ```
/// use kolo::{Task, run, sleep_with};
///
/// let answer = run(async {
///     let task = Task::builder().name("deep thought").spawn(sleep_with(0.01, 42));
///     assert_eq!(task.name(), "deep thought");
///     task.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
#[derive(Debug, Default)]
#[must_use = "nothing is created before `spawn`"]
pub struct Builder {
    pub(crate) name: Option<String>,
    pub(crate) context: Option<Context>,
}

impl Builder {
    /// The task's name, instead of `Task-N`.
    pub fn name(mut self, name: impl fmt::Display) -> Builder {
        self.name = Some(name.to_string());
        self
    }

    /// The context in which it runs, instead of a copy of the current one.
    ///
    /// ```
    /// use kolo::{Context, EventLoop, Task};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let task = Task::builder().context(Context::new()).spawn_on(&event_loop, async { Ok(42) });
    /// assert_eq!(event_loop.run_until_complete(task)?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn context(mut self, context: Context) -> Builder {
        self.context = Some(context);
        self
    }

    /// Creates the task on the running loop, as [`create_task`].
    ///
    /// # Panics
    /// When no loop runs on this thread.
    #[track_caller]
    pub fn spawn<T: 'static>(self, coroutine: impl Coroutine<Value = T> + 'static) -> Task<T> {
        let event_loop = current::expect("Builder::spawn");
        spawn(&event_loop, coroutine, self.name, self.context, Location::caller())
    }

    /// Creates the task on this loop, as [`EventLoop::create_task`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn spawn_on<T: 'static>(self, event_loop: &EventLoop, coroutine: impl Coroutine<Value = T> + 'static) -> Task<T> {
        spawn(event_loop, coroutine, self.name, self.context, Location::caller())
    }
}

/// Makes a task of a coroutine. Its first step runs in the loop's next iteration. Mirrors `asyncio.create_task`.
///
/// ```
/// use kolo::{create_task, run};
///
/// let sum = run(async {
///     let task = create_task(async { Ok(40) });
///     Ok(task.await? + 2)
/// });
/// assert_eq!(sum.unwrap(), 42);
/// ```
///
/// Several are awaited by [`gather`](crate::gather()), or by a combinator of another crate, which wants futures (see [`Task`]):
///
/// ```
/// use futures_util::future::join_all;
/// use kolo::{create_task, run, sleep_with};
///
/// run(async {
///     let tasks = (1..=3).map(|n| create_task(sleep_with(0.01, n)));
///     let values = join_all(tasks.map(|task| task.into_future())).await;
///     assert_eq!(values.into_iter().collect::<kolo::Result<Vec<_>>>()?, [1, 2, 3]);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// When no loop runs on this thread: outside of [`run`](crate::run). [`EventLoop::create_task`] needs no running loop.
#[doc(alias("spawn", "spawn_local"))]
#[track_caller]
pub fn create_task<T: 'static>(coroutine: impl Coroutine<Value = T> + 'static) -> Task<T> {
    let site = Location::caller();
    match current::with_running(|running| running.map(|event_loop| spawn(event_loop, coroutine, None, None, site))) {
        Some(task) => task,
        None => current::no_loop("create_task"),
    }
}

pub(crate) fn spawn<T: 'static>(
    event_loop: &EventLoop,
    coroutine: impl Coroutine<Value = T> + 'static,
    name: Option<String>,
    context: Option<Context>,
    site: &'static Location<'static>,
) -> Task<T> {
    let context = context.unwrap_or_else(current_context::current);
    let identity = Identity::new(name, context);
    let (block, task) = raw::allocate_coroutine(|| TaskHead::new(identity, site), coroutine);
    event_loop.0.adopt(task);
    Task(Promise::from_block(block))
}

impl EventLoop {
    /// Makes a task of a coroutine, whether or not the loop is running. Mirrors `loop.create_task`.
    ///
    /// ```
    /// use kolo::{EventLoop, sleep_with};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let task = event_loop.create_task(sleep_with(0.01, 42)); // begins when the loop runs
    /// assert_eq!(event_loop.run_until_complete(task)?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// On a closed loop the coroutine is dropped, and the task has failed with Runtime.
    #[doc(alias("spawn", "spawn_local"))]
    #[track_caller]
    pub fn create_task<T: 'static>(&self, coroutine: impl Coroutine<Value = T> + 'static) -> Task<T> {
        spawn(self, coroutine, None, None, Location::caller())
    }
}

//! Tasks: a coroutine, and the promise of its outcome.
//!
//! ```text
//!            create_task
//!                 │ queue_step                  poll: Ready
//!                 ▼                    ┌────────────────────────► finished
//!   parked ──► queued ──► stepping ────┤
//!     ▲    wake                        │ poll: Pending
//!     └────────────────────────────────┘
//! ```
//!
//! `wake` queues, at most once; `Core::step` polls; `Core::finish` ends. The three things that asyncio's cancellation needs are kept apart:
//! the count of requests, the armed cancellation, and what the task waits for.

use std::cell::Cell;
use std::panic::Location;
use std::task::Waker;

use crate::block::head::AnyPromise;
use crate::block::identity::{Identity, Rare, Serial};
use crate::block::raw::{KindRef, Ref};
use crate::ground::berth::Berth;
use crate::ground::context::Context;
use crate::ground::error::Error;
use crate::ground::flags::Flags;
use crate::ground::ticket::Ticket;

/// A task without the type of its value: what [`current_task`](crate::current_task) and [`all_tasks`](crate::all_tasks) give.
/// It has the methods of an [`AnyPromise`] too.
///
/// ```
/// use kolo::{all_tasks, create_task, current_task, run, sleep};
///
/// run(async {
///     create_task(sleep(3600));
///     for task in all_tasks().into_iter().filter(|task| Some(task) != current_task().as_ref()) {
///         assert_eq!(task.name(), "Task-2");
///         task.cancel();
///         assert!((&*task).await.unwrap_err().is_cancelled());
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias = "AbortHandle")]
#[derive(Clone)]
pub struct AnyTask(AnyPromise);

impl AnyTask {
    pub(crate) fn of(task: &TaskRef) -> AnyTask {
        AnyTask(AnyPromise(task.erased().clone()))
    }

    /// `task` must be one.
    pub(crate) fn from_task(task: AnyPromise) -> AnyTask {
        AnyTask(task)
    }

    pub(crate) fn head(&self) -> TaskRef {
        // An `AnyTask` is made from tasks only.
        TaskRef::new(&self.0.0).unwrap_or_else(|| unreachable!("an AnyTask that is no task"))
    }
}

impl std::ops::Deref for AnyTask {
    type Target = AnyPromise;

    fn deref(&self) -> &AnyPromise {
        &self.0
    }
}

/// A counted reference to a task.
pub(crate) type TaskRef = KindRef<TaskHead>;

/// What a task has beyond a promise.
pub(crate) struct TaskHead {
    pub(crate) ticket: Cell<Ticket>,
    pub(crate) created_at: &'static Location<'static>,
    rare: Cell<Option<Box<Rare<Ref>>>>,
    /// The promise, task or gather that it waits for; none while it runs, and while it is parked in its berth. For this and the next two see
    /// `stand`.
    pub(super) waiting_on: Cell<Option<Ref>>,
    /// Where it stands: the site of its innermost await.
    pub(super) parked_at: Cell<Option<&'static Location<'static>>>,
    pub(crate) flags: Flags,
    pub(crate) berth: Cell<Berth>,
    /// See [`Serial`].
    serial_upper: u32,
}

// With the head that every promise has, 88 bytes: a task of a small coroutine fits into two lines of the cache.
const _: () = assert!(size_of::<TaskHead>() == 56 && size_of::<crate::block::raw::Head>() == 32);

impl TaskHead {
    // Inlined, so that a head is written once, straight into its block.
    #[inline(always)]
    pub(crate) fn new(identity: Identity<Ref>, created_at: &'static Location<'static>) -> TaskHead {
        let Identity { serial, rare } = identity;
        TaskHead {
            ticket: Cell::new(Ticket::new(0, serial.generation(), 0)),
            created_at,
            rare: Cell::new(rare),
            waiting_on: Cell::new(None),
            parked_at: Cell::new(None),
            flags: Flags::new(),
            berth: Cell::new(Berth::NEW),
            serial_upper: serial.upper(),
        }
    }

    pub(crate) fn owns(&mut self) -> bool {
        self.rare.get_mut().is_some() || self.waiting_on.get_mut().is_some()
    }

    /// No other task of this thread has the same.
    pub(crate) fn serial(&self) -> Serial {
        Serial::of(self.serial_upper, self.ticket.get().generation())
    }

    /// Orders tasks by their creation.
    pub(crate) fn birth(&self) -> (u64, Option<u64>) {
        let number = self.serial().number();
        match self.serial().is_named() {
            false => (number, None),
            true => (self.rare(|rare| rare.after), Some(number)),
        }
    }

    /// Works on what few tasks have, if it is there. `f` runs no user code.
    #[inline]
    pub(super) fn rare<R: Default>(&self, f: impl FnOnce(&mut Rare<Ref>) -> R) -> R {
        self.rare.take().map_or_else(R::default, |mut rare| {
            let result = f(&mut rare);
            self.rare.set(Some(rare));
            result
        })
    }

    /// The same, which is made for it when it is not there.
    pub(super) fn rare_mut<R>(&self, f: impl FnOnce(&mut Rare<Ref>) -> R) -> R {
        let mut rare = self.rare.take().unwrap_or_default();
        let result = f(&mut rare);
        self.rare.set(Some(rare));
        result
    }

    pub(crate) fn name(&self) -> String {
        self.rare(|rare| rare.name.clone())
            .unwrap_or_else(|| format!("Task-{}", self.serial().number()))
    }

    pub(crate) fn set_name(&self, name: String) {
        self.rare_mut(|rare| rare.name = Some(name));
    }

    /// A copy of the task's context.
    #[inline]
    pub(crate) fn copy_context(&self) -> Context {
        let Some(rare) = self.rare.take() else {
            return Context::NONE;
        };
        let copy = rare.context.bare_copy();
        self.rare.set(Some(rare));
        copy
    }

    /// Looks at the task's context. `f` runs no user code.
    pub(crate) fn look_at_context<R>(&self, f: impl FnOnce(&Context) -> R) -> R {
        let rare = self.rare.take();
        let result = f(rare.as_ref().map_or(&Context::NONE, |rare| &rare.context));
        self.rare.set(rare);
        result
    }

    /// Works on the task's context. `f` runs no user code.
    pub(crate) fn with_context<R>(&self, f: impl FnOnce(&mut Context) -> R) -> R {
        self.rare_mut(|rare| f(&mut rare.context))
    }

    /// The task's context, for somebody to keep.
    pub(crate) fn context_handle(&self) -> Context {
        self.with_context(Context::handle)
    }

    /// The cancellation that is to be delivered, with its message if it has one.
    pub(crate) fn take_message(&self) -> Error {
        self.rare(|rare| rare.message.take()).unwrap_or(Error::cancelled())
    }

    pub(crate) fn keep_message(&self, error: Error) {
        if error.message().is_empty() {
            self.rare(|rare| rare.message = None);
        } else {
            self.rare_mut(|rare| rare.message = Some(error));
        }
    }

    /// Has `waker` woken together with the task.
    #[cold]
    pub(crate) fn also_wake(&self, waker: Waker) {
        self.flags.also_wake();
        let before = self.rare_mut(|rare| rare.also_wake.replace(waker));
        drop(before);
    }

    /// Who else is to be woken, and from now on is not.
    #[inline]
    pub(crate) fn take_also_wake(&self) -> Option<Waker> {
        if !self.flags.take_also_wakes() {
            return None;
        }
        self.rare(|rare| rare.also_wake.take())
    }

    // Requests to cancel: that there is one is a flag, and how many more there are is counted apart, because few tasks have those.

    /// asyncio's `cancelling()`.
    #[inline]
    pub(crate) fn requests(&self) -> u32 {
        match self.flags.is_requested() {
            false => 0,
            true => self.rare(|rare| rare.more_requests).saturating_add(1),
        }
    }

    #[inline]
    pub(crate) fn add_request(&self) {
        match self.flags.is_requested() {
            false => self.flags.request(true),
            true => self.add_more_requests(1),
        }
    }

    /// As [`add_request`](TaskHead::add_request), `count` times.
    pub(crate) fn add_requests(&self, count: u32) {
        if let Some(more) = count.checked_sub(1) {
            self.add_request();
            self.add_more_requests(more);
        }
    }

    #[cold]
    fn add_more_requests(&self, count: u32) {
        self.rare_mut(|rare| rare.more_requests = rare.more_requests.saturating_add(count));
    }

    /// asyncio's `uncancel()`.
    pub(crate) fn uncancel(&self) -> u32 {
        match self.requests() {
            0 => return 0,
            1 => {
                self.flags.request(false);
                self.flags.disarm();
            }
            _ => self.rare(|rare| rare.more_requests -= 1),
        }
        self.requests()
    }
}

impl TaskRef {
    /// The task in this block, if it is one.
    pub(crate) fn new(block: &Ref) -> Option<TaskRef> {
        block.clone().into_kind().ok()
    }

    pub(crate) fn is(&self, other: &TaskRef) -> bool {
        self.erased().ptr_eq(other.erased())
    }

    pub(crate) fn done(&self) -> bool {
        self.erased().head().done()
    }

    pub(crate) fn loop_id(&self) -> u16 {
        self.erased().head().loop_id.get()
    }

    /// Whether its coroutine is polled, or dropped.
    pub(crate) fn is_running(&self) -> bool {
        self.erased().is_busy()
    }

    /// Where it is parked, while it is: the site of the await at which it stands, or stood before it came to a future that is not ours.
    pub(crate) fn parked_at(&self) -> Option<&'static Location<'static>> {
        let site = self.parked_at.get();
        site.filter(|_| !self.done() && !self.is_running())
    }
}

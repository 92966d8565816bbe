//! What a loop works on, and its smallest verbs.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::block::exception::ExceptionHandler;
use crate::block::listener::{Tellers, Ties};
use crate::block::observer::Observer;
use crate::block::task::TaskRef;
use crate::ground::attention::{Attention, DEBUG, FATAL};
use crate::ground::clock::{Clock, Time};
use crate::ground::deposits::Deposits;
use crate::ground::error::{Error, Result};
use crate::ground::mailbox::Mailbox;
use crate::ground::numbers;
use crate::ground::ready::Ready;
use crate::ground::tally::Tally;
use crate::ground::time::Nanos;
use crate::ground::timers::{TimerKey, Timers};
use crate::ground::weak_list::WeakList;
use crate::wheel::ctrl_c::CtrlC;
use crate::wheel::entry::Entry;
use crate::wheel::inbox::{self, Bell, Inbox, OnWake, Registered};
use crate::wheel::reactor::Reactor;
use crate::wheel::resource::Resource;
use crate::wheel::tasks::Tasks;

/// An event loop: one thread, one queue. Mirrors asyncio's loop objects.
///
/// A handle: clones are the same loop. Most programs need only [`run`](crate::run()); [`running_loop`](crate::running_loop) gives them
/// the loop for its timers and callbacks.
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
#[doc(alias(
    "AbstractEventLoop",
    "BaseEventLoop",
    "SelectorEventLoop",
    "Runtime",
    "LocalSet",
    "LocalExecutor",
    "LocalPool"
))]
#[derive(Clone)]
pub struct EventLoop(pub(crate) Rc<Core>); // Stays in its thread: others are given `event_loop.remote()`.

/// A loop that may be gone.
pub(crate) struct WeakLoop(Weak<Core>);

impl EventLoop {
    pub(crate) fn downgrade(&self) -> WeakLoop {
        WeakLoop(Rc::downgrade(&self.0))
    }
}

impl WeakLoop {
    pub(crate) fn upgrade(&self) -> Option<EventLoop> {
        self.0.upgrade().map(EventLoop)
    }
}

/// The loop itself, of which an [`EventLoop`] is a handle.
pub(crate) struct Core {
    /// See [`numbers`].
    pub(crate) id: u16,
    /// What tickets know it by, and other threads.
    pub(crate) inbox_id: u16,
    pub(crate) phase: Cell<Phase>,
    pub(crate) ready: Ready<Entry>,
    pub(crate) timers: RefCell<Timers<Entry>>,
    pub(crate) time: Time,
    /// The deadline for which a program waits that drives the loop turn by turn, and since when.
    pub(crate) awaited: Cell<Option<(Nanos, Instant)>>,
    pub(crate) tasks: RefCell<Tasks>,
    pub(crate) reactor: Reactor,
    pub(crate) inbox: Arc<Inbox>,
    /// Called when the inbox gets its first letter while the loop waits, or rests between two runs.
    pub(crate) on_wake: Arc<Mutex<Option<OnWake>>>,
    /// The inbox's own flag that it is full.
    pub(crate) inbox_is_full: Arc<AtomicBool>,
    pub(crate) iterations: Cell<u64>,
    pub(crate) stopping: Cell<bool>,
    pub(crate) attention: Attention,
    /// An error that ends the run at once: Ctrl-C.
    pub(crate) fatal: Cell<Option<Error>>,
    /// Who is told of Ctrl-C during a run.
    pub(crate) ctrl_c: RefCell<Option<Rc<CtrlC>>>,
    /// The task whose coroutine has just panicked.
    pub(crate) panicked: Cell<Option<TaskRef>>,
    /// How many say that something outside may still happen.
    pub(crate) kept_alive: Cell<usize>,
    /// Whether a watched descriptor says so too.
    pub(crate) waits_for_descriptors: Cell<bool>,
    /// The queues in which a task of this loop has ever waited, as far as they still exist, in the order in which they were first waited in.
    pub(crate) queues: WeakList<dyn Resource>,
    pub(crate) ties: Ties,
    pub(crate) tellers: Tellers,
    /// What other threads refer to.
    pub(crate) deposits: Deposits,
    pub(crate) at_close: RefCell<Vec<AtClose>>,
    /// What others keep for this loop, one of each type.
    pub(crate) attached: RefCell<Vec<Rc<dyn Any>>>,
    pub(crate) observers: RefCell<Rc<[Rc<dyn Observer>]>>,
    pub(crate) handler: RefCell<Option<ExceptionHandler>>,
    pub(crate) slow_callback: Cell<Nanos>,
    pub(crate) proves_deadlock: Cell<bool>,
    /// The row of the task that something which is not ours could wake, when that was last asked.
    pub(crate) woken_by_others: Cell<usize>,
    /// See [`copies`](crate::wheel::copies): by the words of the tickets.
    pub(crate) copies: RefCell<Tally>,
    /// The tasks that are left were named in a deadlock's report: no more is said of them.
    pub(crate) reported_stuck: Cell<bool>,
    /// It was said that a standstill is not proved to be a deadlock.
    pub(crate) reported_doubt: Cell<bool>,
}

/// Makes the coroutine that a runner runs before it closes the loop.
pub(crate) type AtClose = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<()>>>>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Running,
    Closed,
}

/// The number of a new loop among those that have its thread's promises.
fn new_id(registered: &Registered) -> Result<u16> {
    match registered.is_first {
        true => Ok(registered.id),
        false => numbers::take(),
    }
}

impl Core {
    pub(crate) fn new(clock: Clock, debug: bool) -> Result<Core> {
        let attention = Attention::default();
        attention.turn(DEBUG, debug);
        let reactor = Reactor::new()?;
        let on_wake = Arc::new(Mutex::new(None));
        let inbox: Arc<Inbox> = Arc::new(Mailbox::new(Bell::new(reactor.waker()?, on_wake.clone())));
        let registered = inbox::register(inbox.clone())?;
        let id = match new_id(&registered) {
            Ok(id) => id,
            Err(none_left) => {
                inbox::unregister(registered.id, registered.copies);
                return Err(none_left);
            }
        };
        // Whoever waits for its first run may be woken too.
        inbox.rest();
        Ok(Core {
            id,
            inbox_id: registered.id,
            phase: Cell::new(Phase::Idle),
            ready: Ready::default(),
            timers: RefCell::default(),
            time: Time::start(clock),
            awaited: Cell::new(None),
            tasks: RefCell::default(),
            reactor,
            on_wake,
            inbox_is_full: inbox.flag(),
            inbox,
            iterations: Cell::new(0),
            stopping: Cell::new(false),
            attention,
            fatal: Cell::new(None),
            ctrl_c: RefCell::new(None),
            panicked: Cell::new(None),
            kept_alive: Cell::new(0),
            waits_for_descriptors: Cell::new(true),
            queues: WeakList::default(),
            ties: Ties::default(),
            tellers: Tellers::default(),
            deposits: Deposits::default(),
            at_close: RefCell::default(),
            attached: RefCell::default(),
            observers: RefCell::new(Rc::new([])),
            handler: RefCell::new(None),
            slow_callback: Cell::new(100_000_000),
            proves_deadlock: Cell::new(true),
            woken_by_others: Cell::new(0),
            copies: RefCell::new(registered.copies),
            reported_stuck: Cell::new(false),
            reported_doubt: Cell::new(false),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.get() == Phase::Closed
    }

    pub(crate) fn is_running(&self) -> bool {
        self.phase.get() == Phase::Running
    }

    /// Queues an entry for the next iteration. A closed loop has none: the entry is dropped.
    #[inline(always)]
    pub(crate) fn queue(&self, entry: impl FnOnce() -> Entry) {
        if !self.is_closed() {
            self.ready.push(entry);
        }
    }

    pub(crate) fn arm_timer(&self, deadline: Nanos, entry: Entry) -> TimerKey {
        self.timers.borrow_mut().arm(deadline, entry)
    }

    // Apart, so that it costs little to look for the loop first.
    #[inline(never)]
    pub(crate) fn disarm_timer(&self, key: TimerKey) {
        // What the timer was for may own user's values: dropped outside of the borrow.
        let entry = self.timers.borrow_mut().cancel(key);
        drop(entry);
    }

    pub(crate) fn all_tasks(&self) -> Vec<TaskRef> {
        self.tasks.borrow().all()
    }

    /// Has this called when another thread wakes the loop, instead of what was given before.
    pub(crate) fn set_on_wake(&self, on_wake: Option<OnWake>) {
        let mut place = self.on_wake.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, on_wake);
        // What it owns is dropped outside of the lock.
        drop(place);
        drop(before);
    }

    /// Ends the run at once with this error.
    pub(crate) fn end_with(&self, fatal: Error) {
        self.attention.turn(FATAL, true);
        self.fatal.set(Some(fatal));
    }

    /// Whether anything but the loop itself may still give it something to do.
    pub(crate) fn may_be_woken_from_outside(&self) -> bool {
        let by_descriptors = self.waits_for_descriptors.get() && self.reactor.is_watching();
        by_descriptors || self.awaits_others()
    }

    /// Whether anything but itself and its descriptors may: another thread, a child.
    pub(crate) fn awaits_others(&self) -> bool {
        self.kept_alive.get() > 0 || self.inbox.may_bring_something()
    }

    /// Whether nothing is ready, nothing is armed, and nothing can come.
    pub(crate) fn is_idle_for_ever(&self) -> bool {
        self.ready.is_empty() && self.timers.borrow().is_empty() && !self.may_be_woken_from_outside()
    }

    /// Whether there may be letters, or a Ctrl-C.
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        self.inbox_is_full.load(Ordering::Relaxed)
    }
}

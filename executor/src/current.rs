//! The running loop and the running task: the only thread-local state.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::Context;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::task::raw::Ref;
use crate::task::{AnyTask, TaskRef};
use crate::waker;

thread_local! {
    /// The loop that runs on this thread.
    static RUNNING: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
    /// Every loop of this thread, for promises that are completed while theirs is not running.
    static LOOPS: RefCell<Vec<Weak<Core>>> = const { RefCell::new(Vec::new()) };
}

/// The loop that runs on this thread.
pub(crate) fn core() -> Option<Rc<Core>> {
    // Wakers may be used while the thread is torn down, when its variables are gone.
    RUNNING.try_with(|running| running.borrow().clone()).ok().flatten()
}

/// The running loop, where there is no point in going on without.
///
/// # Panics
/// When no loop runs on this thread.
#[track_caller]
pub(crate) fn expect(what: &str) -> Rc<Core> {
    core().unwrap_or_else(|| {
        panic!("{what}: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`")
    })
}

/// The loop with this id, running or not.
pub(crate) fn core_of(id: u16) -> Option<Rc<Core>> {
    if let Some(core) = core()
        && core.id == id
    {
        return Some(core);
    }
    LOOPS
        .try_with(|loops| loops.borrow().iter().filter_map(Weak::upgrade).find(|core| core.id == id))
        .ok()
        .flatten()
}

/// Makes a new loop known to this thread.
pub(crate) fn register(core: &Rc<Core>) {
    LOOPS.with_borrow_mut(|loops| {
        // A closed loop that somebody still holds no longer owns its id.
        loops.retain(|known| known.upgrade().is_some_and(|known| known.id != core.id));
        loops.push(Rc::downgrade(core));
    });
}

/// Makes `core` the running loop until the guard is dropped.
pub(crate) fn enter(core: &Rc<Core>) -> Result<Entered> {
    // Looked at first: while a loop runs nothing of this may be borrowed mutably.
    if RUNNING.with_borrow(Option::is_some) {
        return Err(Error::runtime("Cannot run the event loop while another loop is running"));
    }
    RUNNING.set(Some(core.clone()));
    Ok(Entered(()))
}

pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        // Dropped after the borrow: it may be the last handle of the loop.
        let core = RUNNING.with_borrow_mut(Option::take);
        drop(core);
    }
}

/// By whom a leaf is polled.
pub(crate) enum Polled {
    /// By this task, with its own waker.
    Direct(TaskRef),
    /// Within this task, under the waker of a foreign combinator.
    Indirect(TaskRef),
    /// By a foreign executor.
    Outside,
}

pub(crate) fn polled_by(context: &Context<'_>) -> Polled {
    let task = RUNNING.try_with(|running| running.borrow().as_ref().and_then(|core| core.current_task()));
    match task.ok().flatten() {
        Some(task) if waker::ticket(context.waker()) == Some(task.ticket.get()) => Polled::Direct(task),
        Some(task) => Polled::Indirect(task),
        None => Polled::Outside,
    }
}

impl Polled {
    pub(crate) fn task(&self) -> Option<&TaskRef> {
        match self {
            Polled::Direct(task) | Polled::Indirect(task) => Some(task),
            Polled::Outside => None,
        }
    }

    /// Notes that the task waits for `promise`. Returns the number of this suspension.
    pub(crate) fn park_on(&self, promise: &Ref, place: &'static Location<'static>) -> u32 {
        let Some(task) = self.task() else { return 0 };
        task.set_waiting_on(promise.clone());
        task.park(place)
    }

    /// Notes that the task goes on one hop later. Returns the number of this suspension.
    pub(crate) fn park_and_wake(&self, place: &'static Location<'static>, context: &Context<'_>) -> u32 {
        match self {
            Polled::Direct(task) => task.wake(),
            Polled::Indirect(_) | Polled::Outside => context.waker().wake_by_ref(),
        }
        self.task().map_or(0, |task| task.park(place))
    }
}

/// The loop that runs on this thread. Mirrors `asyncio.get_running_loop`.
///
/// # Panics
/// When none runs; see [`try_running_loop`].
#[track_caller]
pub fn running_loop() -> EventLoop {
    EventLoop::from_core(expect("running_loop"))
}

/// The loop that runs on this thread.
///
/// # Errors
/// Runtime, when none runs.
pub fn try_running_loop() -> Result<EventLoop> {
    core()
        .map(EventLoop::from_core)
        .ok_or_else(|| Error::runtime("no running event loop"))
}

/// The task that is running; `None` in a callback and outside of a loop. Mirrors `asyncio.current_task`.
pub fn current_task() -> Option<AnyTask> {
    core()?.current_task().map(AnyTask::new)
}

/// The unfinished tasks of the running loop, in the order of their creation; none outside of a loop. Mirrors `asyncio.all_tasks`.
pub fn all_tasks() -> Vec<AnyTask> {
    core().map_or_else(Vec::new, |core| core.all_tasks())
}

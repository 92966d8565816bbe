//! The running loop and the running task: the only thread-local state.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::Context;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::ready::Entry;
use crate::task::raw::{Current, Ref};
use crate::task::{AnyTask, TaskRef};
use crate::waker;

thread_local! {
    /// The loop that runs on this thread. Whoever enters it takes it out again, so that nothing is left to be dropped with the thread: a
    /// variable with a destructor is looked at more slowly, and not at all by wakers that are used while the thread is torn down.
    static RUNNING: ManuallyDrop<RefCell<Option<Rc<Core>>>> = const { ManuallyDrop::new(RefCell::new(None)) };
    /// The task that runs on this thread: its coroutine is being polled, or dropped.
    static CURRENT: Current = const { Current::nobody() };
    /// See [`delivers`].
    static DELIVERY: Cell<bool> = const { Cell::new(false) };
    /// Every loop of this thread, for promises that are completed while theirs is not running.
    static LOOPS: RefCell<Vec<Weak<Core>>> = const { RefCell::new(Vec::new()) };
}

/// The loop that runs on this thread.
pub(crate) fn core() -> Option<Rc<Core>> {
    with_core(|core| core.cloned())
}

/// Works on the running loop. `f` runs no user code.
#[inline]
pub(crate) fn with_core<R>(f: impl FnOnce(Option<&Rc<Core>>) -> R) -> R {
    RUNNING.with(|running| f(running.borrow().as_ref()))
}

/// The running loop, where there is no point in going on without.
///
/// # Panics
/// When no loop runs on this thread.
#[track_caller]
pub(crate) fn expect(what: &str) -> Rc<Core> {
    core().unwrap_or_else(|| no_loop(what))
}

#[track_caller]
#[cold]
pub(crate) fn no_loop(what: &str) -> ! {
    panic!("{what}: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`")
}

/// The loop with this id, running or not.
pub(crate) fn core_of(id: u16) -> Option<Rc<Core>> {
    with_core_of(id, Rc::clone)
}

/// Works on the loop with this id, running or not.
#[inline]
pub(crate) fn with_core_of<R>(id: u16, f: impl FnOnce(&Rc<Core>) -> R) -> Option<R> {
    let here = with_core(|core| match core {
        Some(core) if core.id == id => Ok(f(core)),
        _ => Err(f),
    });
    here.map_or_else(|f| with_core_elsewhere(id, f), Some)
}

#[cold]
fn with_core_elsewhere<R>(id: u16, f: impl FnOnce(&Rc<Core>) -> R) -> Option<R> {
    elsewhere(id).map(|core| f(&core))
}

/// Queues the next step of a task, unless it is queued already. It is dropped if its loop is gone.
///
/// [`with_core_of`] would do, but what it calls in two places is not made part of this function, which is on the way of every wake-up.
#[inline(never)]
pub(crate) fn wake(task: TaskRef) {
    let left = with_core(|core| match core {
        Some(core) if core.id == task.loop_id() => {
            core.wake_task(task);
            None
        }
        _ => Some(task),
    });
    if let Some(task) = left {
        wake_elsewhere(task);
    }
}

#[cold]
fn wake_elsewhere(task: TaskRef) {
    if let Some(core) = elsewhere(task.loop_id()) {
        core.wake_task(task);
    }
}

/// Queues an entry for the next iteration of the loop with this id. It is dropped if the loop is gone.
#[inline]
pub(crate) fn queue(loop_id: u16, entry: impl FnOnce() -> Entry) {
    with_core_of(loop_id, |core| core.queue(entry));
}

#[cold]
fn elsewhere(id: u16) -> Option<Rc<Core>> {
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

/// Whether a loop may begin to run on this thread.
///
/// # Errors
/// Runtime, when one runs, or the thread is torn down and its variables are gone.
pub(crate) fn check_can_enter() -> Result<()> {
    if LOOPS.try_with(|_| ()).is_err() {
        return Err(Error::runtime("Cannot run the event loop while its thread is torn down"));
    }
    match with_core(|core| core.is_some()) {
        false => Ok(()),
        true => Err(Error::runtime("Cannot run the event loop while another loop is running")),
    }
}

/// Whether the step that runs has a cancellation to deliver, to the leaf at which its coroutine stands.
#[inline]
pub(crate) fn delivers() -> bool {
    DELIVERY.get()
}

pub(crate) fn set_delivery(on: bool) {
    DELIVERY.set(on);
}

/// The cancellation that this step delivers, for the leaf that was the last to park: that with the number `park`.
#[inline]
pub(crate) fn take_delivery(park: u32) -> Option<Error> {
    if delivers() { deliver(park) } else { None }
}

#[cold]
fn deliver(park: u32) -> Option<Error> {
    with_task(|task| {
        let task = task.filter(|task| task.parked_last(park))?;
        set_delivery(false);
        Some(task.take_message())
    })
}

/// Makes `core` the running loop until the guard is dropped.
pub(crate) fn enter(core: &Rc<Core>) -> Result<Entered> {
    // Looked at first: while a loop runs nothing of this may be borrowed mutably.
    check_can_enter()?;
    RUNNING.with(|running| running.replace(Some(core.clone())));
    Ok(Entered(()))
}

pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        // Dropped after the borrow: it may be the last handle of the loop.
        let core = RUNNING.with(|running| running.take());
        drop(core);
    }
}

/// Runs `f` as this task.
#[inline(always)]
pub(crate) fn run_as<R>(task: &TaskRef, f: impl FnOnce() -> R) -> R {
    CURRENT.with(|current| current.run(task, f))
}

/// Works on the running task.
#[inline(always)]
pub(crate) fn with_task<R>(f: impl FnOnce(Option<&TaskRef>) -> R) -> R {
    CURRENT.with(|current| current.with(f))
}

/// By whom a leaf is polled.
#[derive(Clone, Copy)]
pub(crate) enum Polled<'a> {
    /// By this task, with its own waker.
    Direct(&'a TaskRef),
    /// Within this task, under the waker of a foreign combinator.
    Indirect(&'a TaskRef),
    /// In a callback, or outside of a loop: by a foreign executor.
    Outside,
}

/// Tells `leaf` by whom it is polled: one look at the thread's variable for all that a leaf does.
#[inline(always)]
pub(crate) fn polled_by<R>(context: &Context<'_>, leaf: impl FnOnce(Polled<'_>) -> R) -> R {
    with_task(|task| {
        leaf(match task {
            Some(task) if waker::ticket(context.waker()) == Some(task.ticket.get()) => Polled::Direct(task),
            Some(task) => Polled::Indirect(task),
            None => Polled::Outside,
        })
    })
}

/// See [`Polled::park_and_wake`].
#[inline(never)]
pub(crate) fn park_for_a_hop(place: &'static Location<'static>, context: &Context<'_>) -> u32 {
    polled_by(context, |by| by.park_and_wake(place, context))
}

impl<'a> Polled<'a> {
    pub(crate) fn task(self) -> Option<&'a TaskRef> {
        match self {
            Polled::Direct(task) | Polled::Indirect(task) => Some(task),
            Polled::Outside => None,
        }
    }

    /// The loop in which it is polled; 0 outside of one.
    #[inline]
    pub(crate) fn loop_id(self) -> u16 {
        match self.task() {
            Some(task) => task.loop_id(),
            None => with_core(|core| core.map_or(0, |core| core.id)),
        }
    }

    /// Notes that the task waits for `promise`. Returns the number of this suspension.
    pub(crate) fn park_on(self, promise: &Ref, place: &'static Location<'static>) -> u32 {
        self.task().map_or(0, |task| {
            task.set_waiting_on(promise.clone());
            task.park(place)
        })
    }

    /// Notes that the task goes on one hop later. Returns the number of this suspension.
    #[inline(always)]
    pub(crate) fn park_and_wake(self, place: &'static Location<'static>, context: &Context<'_>) -> u32 {
        match self {
            Polled::Direct(task) => task.park_for_a_hop(place),
            Polled::Indirect(task) => {
                context.waker().wake_by_ref();
                task.park(place)
            }
            Polled::Outside => {
                context.waker().wake_by_ref();
                0
            }
        }
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
    with_task(|task| task.cloned().map(AnyTask::new))
}

/// The unfinished tasks of the running loop, in the order of their creation; none outside of a loop. Mirrors `asyncio.all_tasks`.
pub fn all_tasks() -> Vec<AnyTask> {
    core().map_or_else(Vec::new, |core| core.all_tasks())
}

//! The running loop and the running task: what everybody may ask without being told of a loop.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::{Rc, Weak};
use std::thread::LocalKey;

use crate::block::raw::Loan;
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::error::{Error, Result};
use crate::ground::nested_drop::Anew;
use crate::wheel::core::{Core, EventLoop};
use crate::wheel::entry::Entry;

thread_local! {
    /// The loop that runs on this thread. Whoever enters it takes it out again, so that nothing is left to be dropped with the thread: a
    /// variable with a destructor is looked at more slowly, and not at all while the thread is torn down, when others' variables may still
    /// hold loops, and use them.
    static RUNNING: ManuallyDrop<RefCell<Option<EventLoop>>> = const { ManuallyDrop::new(RefCell::new(None)) };
    /// The task that runs on this thread: its coroutine is being polled, or dropped.
    static CURRENT: Loan<TaskHead> = const { Loan::nobody() };
    /// Every loop of this thread, for promises that are completed while theirs is not running. Each takes itself out when it goes.
    static LOOPS: ManuallyDrop<RefCell<Vec<Weak<Core>>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Works on a variable of the thread, none of which here has a destructor. [`LocalKey::with`] is not inlined, and asks for the variable by a
/// pointer to a function then.
#[inline(always)]
fn look<T, R>(variable: &'static LocalKey<T>, f: impl FnOnce(&T) -> R) -> R {
    match variable.try_with(f) {
        Ok(result) => result,
        Err(error) => unreachable!("{error}"),
    }
}

/// The loop that runs on this thread.
pub(crate) fn running() -> Option<EventLoop> {
    with_running(|event_loop| event_loop.cloned())
}

/// Works on the running loop. `f` runs no user code.
#[inline]
pub(crate) fn with_running<R>(f: impl FnOnce(Option<&EventLoop>) -> R) -> R {
    look(&RUNNING, |running| f(running.borrow().as_ref()))
}

/// The running loop, where there is no point in going on without.
///
/// # Panics
/// When no loop runs on this thread.
#[track_caller]
pub(crate) fn expect(what: &str) -> EventLoop {
    match running() {
        Some(event_loop) => event_loop,
        None => no_loop(what),
    }
}

#[track_caller]
#[cold]
pub(crate) fn no_loop(what: &str) -> ! {
    panic!("{what}: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`")
}

/// The running loop, for what fails without.
///
/// # Errors
/// Runtime, when no loop runs on this thread.
#[track_caller]
pub(crate) fn demand() -> Result<EventLoop> {
    match running() {
        Some(event_loop) => Ok(event_loop),
        None => Err(Error::runtime("no running event loop")),
    }
}

/// The loop with this id, running or not.
pub(crate) fn loop_of(id: u16) -> Option<EventLoop> {
    with_loop_of(id, EventLoop::clone)
}

/// Works on the loop with this id, running or not.
#[inline]
pub(crate) fn with_loop_of<R>(id: u16, f: impl FnOnce(&EventLoop) -> R) -> Option<R> {
    let here = with_running(|running| match running {
        Some(event_loop) if event_loop.0.id == id => Ok(f(event_loop)),
        _ => Err(f),
    });
    here.map_or_else(|f| with_loop_elsewhere(id, f), Some)
}

#[cold]
fn with_loop_elsewhere<R>(id: u16, f: impl FnOnce(&EventLoop) -> R) -> Option<R> {
    elsewhere(id).map(|event_loop| f(&event_loop))
}

/// The loop with this id, which is not the one that runs.
#[cold]
pub(crate) fn elsewhere(id: u16) -> Option<EventLoop> {
    let found = LOOPS.with(|loops| loops.borrow().iter().filter_map(Weak::upgrade).find(|core| core.id == id));
    found.map(EventLoop)
}

/// The open loop that tickets know by this id, running or not.
#[cold]
pub(crate) fn loop_of_tickets(inbox_id: u16) -> Option<EventLoop> {
    let is_it = |core: &Rc<Core>| core.inbox_id == inbox_id && !core.is_closed();
    let found = LOOPS.with(|loops| loops.borrow().iter().filter_map(Weak::upgrade).find(is_it));
    found.map(EventLoop)
}

/// Queues an entry for the next iteration of the loop with this id. It is dropped if the loop is gone.
#[inline]
pub(crate) fn queue(loop_id: u16, entry: impl FnOnce() -> Entry) {
    with_loop_of(loop_id, |event_loop| event_loop.0.queue(entry));
}

/// Makes a new loop known to this thread.
pub(crate) fn register(core: Core) -> EventLoop {
    let core = Rc::new(core);
    LOOPS.with(|loops| {
        let loops = &mut *loops.borrow_mut();
        loops.retain(|known| known.strong_count() > 0);
        loops.push(Rc::downgrade(&core));
    });
    EventLoop(core)
}

/// A loop of this thread is gone.
pub(crate) fn unregister() {
    LOOPS.with(|loops| {
        let loops = &mut *loops.borrow_mut();
        loops.retain(|known| known.strong_count() > 0);
        // Nobody else gives the last one's memory back.
        if loops.is_empty() {
            *loops = Vec::new();
        }
    });
}

/// Whether a loop may begin to run on this thread.
///
/// # Errors
/// Runtime, when one runs.
#[track_caller]
pub(crate) fn check_can_enter() -> Result<()> {
    match with_running(|running| running.is_some()) {
        false => Ok(()),
        true => Err(Error::runtime("Cannot run the event loop while another loop is running")),
    }
}

/// Makes this the running loop until the guard is dropped.
#[track_caller]
pub(crate) fn enter(event_loop: &EventLoop) -> Result<Entered> {
    // Looked at first: while a loop runs nothing of this may be borrowed mutably.
    check_can_enter()?;
    RUNNING.with(|running| running.replace(Some(event_loop.clone())));
    Ok(Entered(Anew::begin()))
}

pub(crate) struct Entered(#[allow(dead_code, reason = "dropped with it")] Anew);

impl Drop for Entered {
    fn drop(&mut self) {
        // Dropped after the borrow: it may be the last handle of the loop.
        let event_loop = RUNNING.with(|running| running.take());
        drop(event_loop);
    }
}

/// Runs `f` as this task.
#[inline(always)]
pub(crate) fn run_as<R>(task: &TaskRef, f: impl FnOnce() -> R) -> R {
    look(&CURRENT, |current| current.lend(task, f))
}

/// Works on the running task.
#[inline(always)]
pub(crate) fn with_task<R>(f: impl FnOnce(Option<&TaskRef>) -> R) -> R {
    look(&CURRENT, |current| current.with(f))
}

impl Core {
    /// The task that runs, if it is one of this loop.
    pub(crate) fn current_task(&self) -> Option<TaskRef> {
        with_task(|task| task.filter(|task| task.loop_id() == self.id).cloned())
    }
}

//! Tasks: a coroutine, and the promise of its outcome.
//!
//! ```text
//!            create_task
//!                 │ wake                        poll: Ready
//!                 ▼                    ┌────────────────────────► finished
//!   parked ──► queued ──► stepping ────┤
//!     ▲    wake                        │ poll: Pending
//!     └────────────────────────────────┘
//! ```
//!
//! `TaskRef::wake` queues, at most once; `Core::step` polls; `Core::finish` ends. The three things that asyncio's cancellation needs are
//! kept apart: the count of requests, the armed flag (`MUST_CANCEL`), and what the task waits for.

mod flags;
mod handle;
mod identity;
mod place;
#[allow(
    unsafe_code,
    reason = "one allocation for a coroutine and its outcome, and thin references to it"
)]
pub(crate) mod raw;
mod step;

use std::cell::Cell;
use std::fmt;
use std::panic::Location;

use self::flags::{FORWARDS, Flags, IN_PLACE, MUST_CANCEL, OWNED_BY_RUN, PARKED, QUEUED, WAKER_SHARED, YIELDED};
pub(crate) use self::identity::Identity;
use self::identity::{Extra, Serial};
pub(crate) use self::place::Place;
use crate::context::Context;
use crate::core::Core;
use crate::current;
use crate::error::Error;
use crate::promise::{AnyPromise, Head, any};
use crate::task::raw::Ref;
pub(crate) use crate::task::raw::TaskRef;
use crate::waker::Ticket;
pub(crate) use handle::spawn;
pub use handle::{AnyTask, Builder, Task, create_task};

/// What a task has beyond a promise.
#[repr(C)]
pub(crate) struct TaskHead {
    head: Head,
    pub(crate) ticket: Cell<Ticket>,
    pub(crate) created_at: &'static Location<'static>,
    extra: Cell<Option<Box<Extra>>>,
    /// The promise, task or gather that it waits for; none while it runs, and while it is parked in its own parking place.
    waiting_on: Cell<Option<Ref>>,
    /// Where it stands: the place of its innermost await.
    parked_at: Cell<Option<&'static Location<'static>>>,
    /// How often it was suspended by a leaf of ours: tells which leaf was the last.
    parks: Cell<u32>,
    pub(crate) place: Cell<Place>,
    flags: Flags,
    /// See [`Serial`].
    serial_upper: u32,
}

// A task of a small coroutine fits into two lines of the cache.
const _: () = assert!(size_of::<TaskHead>() == 88);

impl TaskHead {
    // Inlined, so that a head is written once, straight into its block.
    #[inline(always)]
    fn new(head: Head, identity: Identity, created_at: &'static Location<'static>) -> TaskHead {
        let Identity { serial, extra } = identity;
        TaskHead {
            head,
            ticket: Cell::new(Ticket::new(0, serial.generation(), 0)),
            created_at,
            extra: Cell::new(extra),
            waiting_on: Cell::new(None),
            parked_at: Cell::new(None),
            parks: Cell::new(0),
            place: Cell::new(Place::UNUSED),
            flags: Flags::default(),
            serial_upper: serial.upper(),
        }
    }

    fn serial(&self) -> Serial {
        Serial::of(self.serial_upper, self.ticket.get().generation())
    }

    /// Orders tasks by their creation.
    pub(crate) fn birth(&self) -> (u64, Option<u64>) {
        let number = self.serial().number();
        match self.serial().is_named() {
            false => (number, None),
            true => (self.extra(|extra| extra.after), Some(number)),
        }
    }

    /// Works on what few tasks have, if it is there. `f` runs no user code.
    #[inline]
    fn extra<R: Default>(&self, f: impl FnOnce(&mut Extra) -> R) -> R {
        self.extra.take().map_or_else(R::default, |mut extra| {
            let result = f(&mut extra);
            self.extra.set(Some(extra));
            result
        })
    }

    /// The same, which is made for it when it is not there.
    fn extra_mut<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> R {
        let mut extra = self.extra.take().unwrap_or_default();
        let result = f(&mut extra);
        self.extra.set(Some(extra));
        result
    }

    pub(crate) fn name(&self) -> String {
        self.extra(|extra| extra.name.clone())
            .unwrap_or_else(|| format!("Task-{}", self.serial().number()))
    }

    fn set_name(&self, name: String) {
        self.extra_mut(|extra| extra.name = Some(name));
    }

    /// A copy of the task's context.
    #[inline]
    pub(crate) fn copy_context(&self) -> Context {
        let Some(extra) = self.extra.take() else {
            return Context::NONE;
        };
        let copy = extra.context.bare_copy();
        self.extra.set(Some(extra));
        copy
    }

    /// Looks at the task's context. `f` runs no user code.
    pub(crate) fn look_at_context<R>(&self, f: impl FnOnce(&Context) -> R) -> R {
        let extra = self.extra.take();
        let result = f(extra.as_ref().map_or(&Context::NONE, |extra| &extra.context));
        self.extra.set(extra);
        result
    }

    /// Works on the task's context. `f` runs no user code.
    pub(crate) fn with_context<R>(&self, f: impl FnOnce(&mut Context) -> R) -> R {
        self.extra_mut(|extra| f(&mut extra.context))
    }

    /// A leaf of ours suspends the task. Returns the number of this suspension.
    pub(crate) fn park(&self, place: &'static Location<'static>) -> u32 {
        self.flags.change(PARKED, IN_PLACE);
        self.count_park(place)
    }

    /// A leaf of ours suspends the task in the task's own parking place.
    #[inline]
    pub(crate) fn park_in_place(&self, place: &'static Location<'static>) -> u32 {
        self.flags.change(PARKED | IN_PLACE, 0);
        self.wait_on_nothing();
        self.count_park(place)
    }

    /// A leaf of ours suspends the task, which goes on one hop after this step.
    #[inline]
    pub(crate) fn park_for_a_hop(&self, place: &'static Location<'static>) -> u32 {
        self.flags.change(PARKED | YIELDED, IN_PLACE);
        self.wait_on_nothing();
        self.count_park(place)
    }

    #[inline]
    fn count_park(&self, place: &'static Location<'static>) -> u32 {
        self.parked_at.set(Some(place));
        self.parks.set(self.parks.get().wrapping_add(1));
        self.parks.get()
    }

    /// The leaf that was suspended as number `park` is dropped: if the task waits for anything, then for what is not ours.
    pub(crate) fn unpark(&self, park: u32) {
        if self.parked_last(park) {
            self.flags.clear(PARKED);
        }
    }

    /// Another leaf, polled before in this step, may wait for a promise: a cancellation is meant for the last.
    fn wait_on_nothing(&self) {
        drop(self.waiting_on.take());
    }

    pub(crate) fn set_waiting_on(&self, promise: Ref) {
        drop(self.waiting_on.replace(Some(promise)));
    }

    pub(crate) fn waiting_on(&self) -> Option<Ref> {
        let promise = self.waiting_on.take();
        self.waiting_on.set(promise.clone());
        promise
    }

    /// The leaf that waited for `promise`, suspended as number `park`, is dropped.
    pub(crate) fn unpark_from(&self, promise: &Ref, park: u32) {
        self.unpark(park);
        let waiting_on = self.waiting_on.take().filter(|current| !current.ptr_eq(promise));
        self.waiting_on.set(waiting_on);
    }

    /// Whether the leaf that was suspended as number `park` was the last.
    pub(crate) fn parked_last(&self, park: u32) -> bool {
        self.parks.get() == park
    }

    /// The cancellation that is to be delivered, with its message if it has one.
    pub(crate) fn take_message(&self) -> Error {
        self.extra(|extra| extra.message.take()).unwrap_or(Error::cancelled())
    }

    pub(crate) fn keep_message(&self, error: Error) {
        if error.message().is_empty() {
            self.extra(|extra| extra.message = None);
        } else {
            self.extra_mut(|extra| extra.message = Some(error));
        }
    }

    /// Has `waker` woken together with the task.
    #[inline]
    pub(crate) fn set_forward(&self, waker: Option<std::task::Waker>) {
        match waker {
            None => drop(self.take_forward()),
            Some(waker) => {
                self.flags.set(FORWARDS);
                let old = self.extra_mut(|extra| extra.forward.replace(waker));
                drop(old);
            }
        }
    }

    #[inline]
    pub(crate) fn take_forward(&self) -> Option<std::task::Waker> {
        if !self.flags.has(FORWARDS) {
            return None;
        }
        self.flags.clear(FORWARDS);
        self.extra(|extra| extra.forward.take())
    }

    /// It was made by `run_until_complete`, whose caller knows that it did not end.
    pub(crate) fn mark_owned_by_run(&self) {
        self.flags.set(OWNED_BY_RUN);
    }

    pub(crate) fn is_owned_by_run(&self) -> bool {
        self.flags.has(OWNED_BY_RUN)
    }

    pub(crate) fn mark_waker_shared(&self) {
        self.flags.set(WAKER_SHARED);
    }

    /// Whether something that is not ours, and cannot be looked into, may still wake it.
    pub(crate) fn may_be_woken_by_others(&self) -> bool {
        self.flags.has(WAKER_SHARED) || self.is_on_foreign_future()
    }

    /// Whether it stands on a future that is not ours.
    pub(crate) fn is_on_foreign_future(&self) -> bool {
        !self.flags.has(PARKED)
    }

    /// asyncio's `cancelling()`.
    pub(crate) fn requests(&self) -> u32 {
        self.flags.requests()
    }

    /// asyncio's `uncancel()`.
    pub(crate) fn uncancel(&self) -> u32 {
        if self.requests() > 0 {
            self.flags.take_back_request();
            if self.requests() == 0 {
                self.flags.clear(MUST_CANCEL);
            }
        }
        self.requests()
    }

    /// Where the task is parked, while it is.
    pub(crate) fn parked(&self) -> Option<Parked> {
        let place = self.parked_at.get()?;
        let running = self.is_running();
        (!self.head.done() && !running).then(|| Parked {
            on: self.waiting_on(),
            place,
        })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.head.content.get().is_busy()
    }

    pub(crate) fn is_queued(&self) -> bool {
        self.flags.has(QUEUED)
    }
}

/// Where a task stands, and for what.
pub(crate) struct Parked {
    pub(crate) on: Option<Ref>,
    pub(crate) place: &'static Location<'static>,
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.on {
            // Only the name: two tasks that wait for each other would describe each other without end.
            Some(promise) => match TaskRef::new(promise) {
                Some(task) => write!(f, "task '{}' at {}", task.name(), self.place),
                None => write!(f, "{:?} at {}", AnyPromise(promise.clone()), self.place),
            },
            None => write!(f, "{}", self.place),
        }
    }
}

impl TaskRef {
    /// The task in this block, if it is one.
    pub(crate) fn new(block: &Ref) -> Option<TaskRef> {
        block.clone().into_task().ok()
    }

    pub(crate) fn is(&self, other: &TaskRef) -> bool {
        self.erased().ptr_eq(other.erased())
    }

    pub(crate) fn done(&self) -> bool {
        self.head.done()
    }

    /// The task's loop, if it still exists.
    pub(crate) fn core(&self) -> Option<std::rc::Rc<Core>> {
        current::core_of(self.loop_id())
    }

    pub(crate) fn loop_id(&self) -> u16 {
        self.head.loop_id.get()
    }

    /// Queues the task's next step.
    #[inline(never)]
    pub(crate) fn wake(&self) {
        current::wake(self.clone());
    }

    /// asyncio's `Task.cancel`: asks what the task waits for to be cancelled, along the chain of tasks that wait for each other; what
    /// cannot be cancelled there is armed, and delivered at the next step.
    pub(crate) fn cancel(&self, error: Error) -> bool {
        if self.done() {
            return false;
        }
        let mut task = self.clone();
        // Tasks that wait for each other in a circle would be asked without end.
        let mut longest = self.core().map_or(0, |core| core.count_tasks());
        loop {
            task.head.mark_retrieved();
            task.flags.add_request();
            let waiting_on = if task.is_running() { None } else { task.waiting_on() };
            let Some(promise) = waiting_on else {
                if task.is_running() || !task.cancel_place(&error) {
                    task.arm(error);
                }
                return true;
            };
            match TaskRef::new(&promise) {
                Some(_) if longest == 0 => {
                    task.arm(error);
                    task.wake();
                    return true;
                }
                Some(next) if !next.done() => {
                    longest -= 1;
                    task = next;
                }
                _ => {
                    if !any::cancel(&promise, error.clone()) {
                        task.arm(error);
                    }
                    return true;
                }
            }
        }
    }

    /// Cancels the wait in the task's own parking place.
    fn cancel_place(&self, error: &Error) -> bool {
        let waits = self.flags.has(IN_PLACE) && self.place.get().is_taken();
        if waits {
            self.place.set(self.place.get().cancelled());
            self.keep_message(error.clone());
            self.wake();
            self.take_forward().into_iter().for_each(std::task::Waker::wake);
        }
        waits
    }

    fn arm(&self, error: Error) {
        self.flags.set(MUST_CANCEL);
        self.keep_message(error);
        if self.is_on_foreign_future() && !self.is_running() {
            // What it waits for is not ours, and would not wake it.
            self.wake();
        }
    }
}

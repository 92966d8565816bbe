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

mod handle;
#[allow(
    unsafe_code,
    reason = "one allocation for a coroutine and its outcome, and thin references to it"
)]
pub(crate) mod raw;
mod step;

use std::cell::Cell;
use std::fmt;
use std::panic::Location;

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
    /// Its own parking place; see [`park`](crate::park).
    pub(crate) place: Cell<Place>,
    flags: Flags,
    serial: SerialHigh,
}

// A task of a small coroutine fits into two lines of the cache.
const _: () = assert!(size_of::<TaskHead>() == 88);

/// The state of a task's own parking place, which is a promise of nothing without an allocation of its own: which use of the place it is,
/// and how far that has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place(u32);

/// In which states a place can be. The rest of the number counts the uses.
const FREE: u32 = 0;
const TAKEN: u32 = 1;
const WOKEN: u32 = 2;
const CANCELLED: u32 = 3;

impl Place {
    pub(crate) fn word(self) -> usize {
        self.0 as usize
    }
    pub(crate) fn from_word(word: usize) -> Place {
        Place(word as u32)
    }
    fn state(self) -> u32 {
        self.0 & 3
    }
    fn with(self, state: u32) -> Place {
        Place(self.0 & !3 | state)
    }
    pub(crate) fn is_free(self) -> bool {
        self.state() == FREE
    }
    pub(crate) fn is_taken(self) -> bool {
        self.state() == TAKEN
    }
    pub(crate) fn is_woken(self) -> bool {
        self.state() == WOKEN
    }
    pub(crate) fn is_cancelled(self) -> bool {
        self.state() == CANCELLED
    }
    /// The next use of the place, which has been free.
    pub(crate) fn taken(self) -> Place {
        Place(self.0.wrapping_add(4)).with(TAKEN)
    }
    /// This use of the place, when it began.
    pub(crate) fn taken_now(self) -> Place {
        self.with(TAKEN)
    }
    pub(crate) fn woken(self) -> Place {
        self.with(WOKEN)
    }
    pub(crate) fn cancelled(self) -> Place {
        self.with(CANCELLED)
    }
    pub(crate) fn freed(self) -> Place {
        self.with(FREE)
    }
}

/// What few tasks have.
struct Extra {
    name: Option<String>,
    /// Of a task with a name of its own: the number of the unnamed one before it.
    after: u64,
    context: Context,
    /// The cancellation with a message that is to be delivered.
    message: Option<Error>,
    /// Who else is to be woken together with the task, see [`park`](crate::park).
    forward: Option<std::task::Waker>,
}

impl Default for Extra {
    fn default() -> Extra {
        Extra {
            name: None,
            after: 0,
            context: Context::NONE,
            message: None,
            forward: None,
        }
    }
}

/// Some flags, and above them the count of requests to cancel.
struct Flags(Cell<u32>);

/// It stands in the ready queue.
const QUEUED: u32 = 1;
/// The next step begins by delivering a cancellation.
const MUST_CANCEL: u32 = 2;
/// It stands at a leaf of ours. Otherwise it runs, has not begun, or waits for something that cannot return an error of ours.
const PARKED: u32 = 4;
/// The leaf at which it is parked uses the task's own parking place.
const IN_PLACE: u32 = 8;
/// It goes on one hop after this step, come what may.
const YIELDED: u32 = 16;
/// A copy of its waker exists or existed.
const WAKER_SHARED: u32 = 32;
/// Somebody else is to be woken together with it.
const FORWARDS: u32 = 64;
/// Nobody is to be told that it was pending when its loop was closed.
const OWNED_BY_RUN: u32 = 128;
/// One request to cancel.
const REQUEST: u32 = 256;

impl Flags {
    fn get(&self) -> u32 {
        self.0.get()
    }
    /// Sets some and clears some at once: one store where several would wait for each other.
    fn change(&self, set: u32, clear: u32) {
        self.0.set(self.0.get() & !clear | set);
    }
    fn has(&self, flag: u32) -> bool {
        self.get() & flag != 0
    }
    fn set(&self, flag: u32) {
        self.change(flag, 0);
    }
    fn clear(&self, flag: u32) {
        self.change(0, flag);
    }
    fn take(&self, flag: u32) -> bool {
        let had = self.has(flag);
        self.clear(flag);
        had
    }
    fn requests(&self) -> u32 {
        self.get() / REQUEST
    }
    /// 16 million requests are as good as more.
    fn add_request(&self) {
        self.0.set(self.get().checked_add(REQUEST).unwrap_or(self.get()));
    }
    fn take_back_request(&self) {
        self.0.set(self.get().checked_sub(REQUEST).unwrap_or(self.get()));
    }
}

/// The thread's counters of tasks: `Task-N` counts those without a name of their own, on all of the thread's loops.
struct Counters {
    unnamed: Cell<u64>,
    named: Cell<u64>,
}

thread_local!(static COUNTERS: Counters = const { Counters { unnamed: Cell::new(0), named: Cell::new(0) } });

/// A serial number: twice the N of `Task-N`, or one more than twice the count of a task with a name of its own. Its lower part is the
/// generation in the ticket, so that the next task with the same index has another.
type Serial = u64;

/// The upper part of the serial number.
struct SerialHigh(u32);

fn next(counter: &Cell<u64>) -> u64 {
    counter.set(counter.get() + 1);
    counter.get()
}

/// Which task it is, and what it has that few have.
pub(crate) struct Identity {
    serial: Serial,
    extra: Option<Box<Extra>>,
}

impl Identity {
    #[inline]
    pub(crate) fn new(name: Option<String>, context: Context) -> Identity {
        if name.is_some() || !context.is_none() {
            return Identity::of_few(name, context);
        }
        Identity {
            serial: COUNTERS.with(|counters| 2 * next(&counters.unnamed)),
            extra: None,
        }
    }

    #[cold]
    fn of_few(name: Option<String>, context: Context) -> Identity {
        COUNTERS.with(|counters| {
            let serial = match name {
                Some(_) => 2 * next(&counters.named) + 1,
                None => 2 * next(&counters.unnamed),
            };
            let after = counters.unnamed.get();
            let extra = Extra {
                name,
                after,
                context,
                ..Extra::default()
            };
            Identity {
                serial,
                extra: Some(Box::new(extra)),
            }
        })
    }
}

impl TaskHead {
    // Inlined, so that a head is written once, straight into its block.
    #[inline(always)]
    fn new(head: Head, identity: Identity, created_at: &'static Location<'static>) -> TaskHead {
        let Identity { serial, extra } = identity;
        TaskHead {
            head,
            ticket: Cell::new(Ticket::new(0, serial as u32 & (Ticket::GENERATIONS - 1), 0)),
            created_at,
            extra: Cell::new(extra),
            waiting_on: Cell::new(None),
            parked_at: Cell::new(None),
            parks: Cell::new(0),
            place: Cell::new(Place(FREE)),
            flags: Flags(Cell::new(0)),
            serial: SerialHigh((serial / u64::from(Ticket::GENERATIONS)) as u32),
        }
    }

    fn serial(&self) -> Serial {
        u64::from(self.serial.0) * u64::from(Ticket::GENERATIONS) + u64::from(self.ticket.get().generation())
    }

    /// Orders tasks by their creation.
    pub(crate) fn birth(&self) -> (u64, u64) {
        match self.serial() {
            unnamed if unnamed % 2 == 0 => (unnamed / 2, 0),
            named => (self.extra(|extra| extra.after), named),
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
            .unwrap_or_else(|| format!("Task-{}", self.serial() / 2))
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

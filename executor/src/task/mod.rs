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
//! `TaskRef::wake` queues, at most once; `Core::step` polls; `Core::finish` ends. The three fields that asyncio's cancellation needs are
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
    /// The N of `Task-N`; of a task with a name of its own, the number of the unnamed one before it.
    number: u64,
    pub(crate) created_at: &'static Location<'static>,
    context: Cell<Context>,
    rare: Cell<Option<Box<Rare>>>,
    /// The promise, task or gather that it waits for; none while it runs, and while it is parked in its own parking place.
    waiting_on: Cell<Option<Ref>>,
    /// Where it stands: the place of its innermost await.
    parked_at: Cell<Option<&'static Location<'static>>>,
    /// How often it was suspended by a leaf of ours: tells whether this happened during a step, and which leaf was the last.
    parks: Cell<u32>,
    /// How often its own parking place was used; see [`park`](crate::park).
    pub(crate) place_uses: Cell<u32>,
    /// asyncio's `cancelling()`.
    requests: Cell<u32>,
    flags: Flags,
    pub(crate) place: Cell<Place>,
}

/// The task's own parking place: a promise of nothing, without an allocation of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Free,
    Taken,
    Woken,
    Cancelled,
}

/// What few tasks have.
#[derive(Default)]
struct Rare {
    name: Option<String>,
    /// Which of the tasks with a name of their own it is.
    named_order: u64,
    /// The cancellation with a message that is to be delivered.
    message: Option<Error>,
    /// Who else is to be woken together with the task, see [`park`](crate::park).
    forward: Option<std::task::Waker>,
    /// Nobody is to be told that it was pending when its loop was closed.
    owned_by_run: bool,
}

struct Flags(Cell<u8>);

/// It stands in the ready queue.
const QUEUED: u8 = 1;
/// Its first step has begun.
const STARTED: u8 = 2;
/// The next step begins by delivering a cancellation.
const MUST_CANCEL: u8 = 4;
/// It is parked on a future that is not ours: nothing of ours can return an error there.
const FOREIGN: u8 = 16;
/// A copy of its waker exists or existed.
const WAKER_SHARED: u8 = 32;
/// It goes on one hop after this step, come what may.
const YIELDED: u8 = 8;
/// The leaf at which it is parked uses the task's own parking place.
const IN_PLACE: u8 = 64;
/// The leaf that suspended it last was dropped before its wait was over: if it waits for anything, then for what is not ours.
const LEFT: u8 = 128;

impl Flags {
    fn get(&self) -> u8 {
        self.0.get()
    }
    /// Sets some and clears some at once: one store where several would wait for each other.
    fn change(&self, set: u8, clear: u8) {
        self.0.set(self.0.get() & !clear | set);
    }
    fn has(&self, flag: u8) -> bool {
        self.get() & flag != 0
    }
    fn set(&self, flag: u8) {
        self.change(flag, 0);
    }
    fn clear(&self, flag: u8) {
        self.change(0, flag);
    }
    fn take(&self, flag: u8) -> bool {
        let had = self.has(flag);
        self.clear(flag);
        had
    }
}

/// The thread's counters of names: `Task-N` counts the tasks without a name of their own, on all of the thread's loops.
struct Numbers {
    unnamed: Cell<u64>,
    named: Cell<u64>,
}

impl Numbers {
    fn unnamed(&self) -> u64 {
        self.unnamed.set(self.unnamed.get() + 1);
        self.unnamed.get()
    }

    fn named(&self) -> u64 {
        self.named.set(self.named.get() + 1);
        self.named.get()
    }
}

thread_local!(static NUMBERS: Numbers = const { Numbers { unnamed: Cell::new(0), named: Cell::new(0) } });

impl TaskHead {
    // Inlined, so that a head is written once, straight into its block.
    #[inline(always)]
    fn new(head: Head, name: Option<String>, context: Context, created_at: &'static Location<'static>) -> TaskHead {
        let rare = name.map(|name| {
            Box::new(Rare {
                name: Some(name),
                named_order: NUMBERS.with(Numbers::named),
                ..Rare::default()
            })
        });
        let number = NUMBERS.with(|numbers| {
            if rare.is_some() {
                numbers.unnamed.get()
            } else {
                numbers.unnamed()
            }
        });
        TaskHead {
            head,
            ticket: Cell::new(Ticket::new(0, 0, 0)),
            number,
            created_at,
            context: Cell::new(context),
            rare: Cell::new(rare),
            waiting_on: Cell::new(None),
            parked_at: Cell::new(None),
            parks: Cell::new(0),
            place_uses: Cell::new(0),
            requests: Cell::new(0),
            flags: Flags(Cell::new(0)),
            place: Cell::new(Place::Free),
        }
    }

    /// Orders tasks by their creation.
    pub(crate) fn birth(&self) -> (u64, u64) {
        (self.number, self.rare(|rare| rare.named_order))
    }

    /// Works on what few tasks have, which is made for it when it is not there. `f` runs no user code.
    fn rare<R>(&self, f: impl FnOnce(&mut Rare) -> R) -> R
    where
        R: Default,
    {
        self.rare.take().map_or_else(R::default, |mut rare| {
            let result = f(&mut rare);
            self.rare.set(Some(rare));
            result
        })
    }

    fn rare_mut<R>(&self, f: impl FnOnce(&mut Rare) -> R) -> R {
        let mut rare = self.rare.take().unwrap_or_default();
        let result = f(&mut rare);
        self.rare.set(Some(rare));
        result
    }

    pub(crate) fn name(&self) -> String {
        self.rare(|rare| rare.name.clone())
            .unwrap_or_else(|| format!("Task-{}", self.number))
    }

    fn set_name(&self, name: String) {
        self.rare_mut(|rare| rare.name = Some(name));
    }

    /// Works on the task's context. `f` runs no user code.
    pub(crate) fn with_context<R>(&self, f: impl FnOnce(&mut Context) -> R) -> R {
        let mut context = self.context.replace(Context::NONE);
        let result = f(&mut context);
        self.context.set(context);
        result
    }

    /// A leaf of ours suspends the task. Returns the number of this suspension.
    pub(crate) fn park(&self, place: &'static Location<'static>) -> u32 {
        self.flags.clear(IN_PLACE | LEFT);
        self.count_park(place)
    }

    /// A leaf of ours suspends the task in the task's own parking place.
    pub(crate) fn park_in_place(&self, place: &'static Location<'static>) -> u32 {
        self.flags.change(IN_PLACE, LEFT);
        self.wait_on_nothing();
        self.count_park(place)
    }

    /// A leaf of ours suspends the task, which goes on one hop after this step.
    pub(crate) fn park_for_a_hop(&self, place: &'static Location<'static>) -> u32 {
        self.flags.change(YIELDED, IN_PLACE | LEFT);
        self.wait_on_nothing();
        self.count_park(place)
    }

    fn count_park(&self, place: &'static Location<'static>) -> u32 {
        self.parked_at.set(Some(place));
        self.parks.set(self.parks.get().wrapping_add(1));
        self.parks.get()
    }

    /// The leaf that was suspended as number `park` is dropped.
    pub(crate) fn unpark(&self, park: u32) {
        if self.parked_last(park) {
            self.flags.set(LEFT);
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
    pub(crate) fn set_forward(&self, waker: Option<std::task::Waker>) {
        let old = match waker {
            None => self.rare(|rare| rare.forward.take()),
            Some(waker) => self.rare_mut(|rare| rare.forward.replace(waker)),
        };
        drop(old);
    }

    /// It was made by `run_until_complete`, whose caller knows that it did not end.
    pub(crate) fn mark_owned_by_run(&self) {
        self.rare_mut(|rare| rare.owned_by_run = true);
    }

    pub(crate) fn is_owned_by_run(&self) -> bool {
        self.rare(|rare| rare.owned_by_run)
    }

    pub(crate) fn take_forward(&self) -> Option<std::task::Waker> {
        self.rare(|rare| rare.forward.take())
    }

    pub(crate) fn mark_waker_shared(&self) {
        self.flags.set(WAKER_SHARED);
    }

    /// Whether something that is not ours, and cannot be looked into, may still wake it.
    pub(crate) fn may_be_woken_by_others(&self) -> bool {
        self.flags.has(WAKER_SHARED | FOREIGN | LEFT)
    }

    /// Whether it stands on a future that is not ours.
    pub(crate) fn is_on_foreign_future(&self) -> bool {
        self.flags.has(FOREIGN | LEFT)
    }

    /// asyncio's `cancelling()`.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// asyncio's `uncancel()`.
    pub(crate) fn uncancel(&self) -> u32 {
        if self.requests.get() > 0 {
            self.requests.set(self.requests.get() - 1);
            if self.requests.get() == 0 {
                self.flags.clear(MUST_CANCEL);
            }
        }
        self.requests.get()
    }

    /// Where the task is parked, while it is.
    pub(crate) fn parked(&self) -> Option<Parked> {
        let place = self.parked_at.get()?;
        let running = self.head.slot_busy.get();
        (!self.head.done() && !running).then(|| Parked {
            on: self.waiting_on(),
            place,
        })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.head.slot_busy.get()
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
        current::core_of(self.head.loop_id.get())
    }

    /// Queues the task's next step.
    pub(crate) fn wake(&self) {
        current::with_core_of(self.head.loop_id.get(), |core| core.wake_task(self.clone()));
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
            task.requests.set(task.requests.get() + 1);
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
        let waits = self.flags.has(IN_PLACE) && self.place.get() == Place::Taken;
        if waits {
            self.place.set(Place::Cancelled);
            self.keep_message(error.clone());
            self.wake();
            if let Some(forward) = self.take_forward() {
                forward.wake();
            }
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

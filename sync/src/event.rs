//! `Event`: a flag for which tasks can wait.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use kolo_executor::Result;
use kolo_executor::primitive::{Claim, WaitQueue};

use crate::repr::describe;

/// A flag that is set or not, and for which tasks can wait. Mirrors `asyncio.Event`.
///
/// A handle: clones are the same event.
///
/// ```
/// use kolo::{Event, Result, create_task, run, running_loop};
///
/// async fn visitor(door: Event) -> Result<&'static str> {
///     door.wait().await?;
///     Ok("in")
/// }
///
/// run(async {
///     let door = Event::new();
///     let visitors = [create_task(visitor(door.clone())), create_task(visitor(door.clone()))];
///     running_loop().call_later(0.01, move || door.set());
///     for visitor in visitors {
///         assert_eq!(visitor.await?, "in");
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias = "Notify")]
#[derive(Clone)]
pub struct Event(Rc<State>);

struct State {
    set: Cell<bool>,
    waiters: WaitQueue,
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Event {
        Event(Rc::new_cyclic(|event| State {
            set: Cell::new(false),
            waiters: WaitQueue::part_of(event, "Event.wait"),
        }))
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.set.get()
    }

    /// Sets it, and wakes all that wait, in the order in which they came; they go on even if it is cleared before they run. Mirrors
    /// `Event.set`.
    #[doc(alias = "notify_waiters")]
    pub fn set(&self) {
        if !self.0.set.replace(true) {
            self.0.waiters.wake_all();
        }
    }

    /// Clears it: whoever waits from now on waits for the next [`set`](Event::set). Mirrors `Event.clear`.
    ///
    /// ```
    /// use kolo::Event;
    ///
    /// let door = Event::new();
    /// assert!(!door.is_set());
    /// door.set();
    /// assert!(door.is_set());
    /// door.clear();
    /// assert!(!door.is_set());
    /// ```
    pub fn clear(&self) {
        self.0.set.set(false);
    }

    /// Waits until it is set; not at all if it is. Mirrors `Event.wait`.
    ///
    /// # Errors
    /// Cancelled; Runtime, when it has to wait and the event belongs to another loop.
    ///
    /// # Cancel safety
    /// Nothing is lost: the event stays as it is, and the others are not affected.
    #[doc(alias = "notified")]
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<()>> {
        Wait(&self.0).wait()
    }
}

/// The claim of [`Event::wait`].
struct Wait<'a>(&'a State);

impl Claim for Wait<'_> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.0.waiters
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        (woken || self.0.set.get()).then_some(Ok(()))
    }
    fn pass_on(&mut self, _woken: bool) {}
}

impl Default for Event {
    fn default() -> Event {
        Event::new()
    }
}

/// `<Event [set]>`, `<Event [unset, waiters:2]>`: asyncio's words.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(&self.waiters, f, if self.set.get() { "set" } else { "unset" })
    }
}

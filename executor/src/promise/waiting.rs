//! One await of one promise: what every suspension in kolo comes down to.

use std::panic::Location;
use std::task::{Context, Poll, Waker};

use crate::current::{self, Polled};
use crate::error::{Error, Result};
use crate::promise::{Callback, any::AnyPromise};
use crate::task::TaskRef;
use crate::task::raw::Ref;

/// The leaf of a coroutine: registers with a promise, and tells when it is done or the wait is over for another reason.
///
/// The promise is not part of it, because its owner has it anyway; `leave` must be called when the owner is dropped.
pub(crate) struct Waiting {
    place: &'static Location<'static>,
    registered: Registered,
    /// Which of the task's suspensions this was, see `TaskHead::parks`.
    park: u32,
}

enum Registered {
    No,
    /// The task's next step is among the promise's callbacks.
    Step(TaskRef),
    /// Polled under a waker that is not the running task's own: inside a foreign combinator, or, without a task, by a foreign executor.
    Wake(Box<(Waker, Option<TaskRef>)>),
    /// The promise cannot be waited for; the task learns why one hop later.
    Refused(Box<Error>),
}

impl Waiting {
    pub(crate) fn new(place: &'static Location<'static>) -> Waiting {
        Waiting {
            place,
            registered: Registered::No,
            park: 0,
        }
    }

    /// Whether it has not begun to wait.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.registered, Registered::No)
    }

    /// `Ok`: the promise is done. `Err`: the task was cancelled while it was on its way to learn that, or the wait was refused.
    #[inline]
    pub(crate) fn poll(&mut self, promise: &Ref, context: &mut Context<'_>) -> Poll<Result<()>> {
        if !matches!(self.registered, Registered::No)
            && let Some(cancelled) = current::take_delivery(self.park)
        {
            // A task reads what it was woken for even when a cancellation takes its place.
            promise.head().mark_retrieved();
            self.leave(promise);
            return Poll::Ready(Err(cancelled));
        }
        if let Registered::Refused(reason) = &self.registered {
            return Poll::Ready(Err((**reason).clone()));
        }
        if promise.head().done() {
            self.registered = Registered::No;
            return Poll::Ready(Ok(()));
        }
        current::polled_by(context, |by| {
            self.suspend(promise, by, context);
            Poll::Pending
        })
    }

    fn suspend(&mut self, promise: &Ref, by: Polled<'_>, context: &Context<'_>) {
        if let Registered::No = self.registered
            && let Some(reason) = refusal(promise, by)
        {
            self.registered = Registered::Refused(Box::new(reason));
            self.park = by.park_and_wake(self.place, context);
            return;
        }
        self.register(promise, by, context);
        self.park = by.park_on(promise, self.place);
    }

    fn register(&mut self, promise: &Ref, by: Polled<'_>, context: &Context<'_>) {
        match (&self.registered, by) {
            (Registered::Step(task), Polled::Direct(now)) if task.is(now) => return,
            (Registered::Wake(wait), Polled::Indirect(_) | Polled::Outside) => {
                let (waker, task) = &**wait;
                let same_task = match (task, by.task()) {
                    (Some(task), Some(now)) => task.is(now),
                    (None, None) => true,
                    _ => false,
                };
                if same_task && waker.will_wake(context.waker()) {
                    return;
                }
                self.leave(promise);
            }
            _ => self.leave(promise),
        }
        match by {
            Polled::Direct(task) => {
                promise.add_callback(Callback::Step(task.clone()));
                self.registered = Registered::Step(task.clone());
            }
            Polled::Indirect(_) | Polled::Outside => {
                promise.add_callback(Callback::Wake(Box::new(context.waker().clone())));
                self.registered = Registered::Wake(Box::new((context.waker().clone(), by.task().cloned())));
            }
        }
    }

    /// Ends the wait early: nobody is woken by the promise on its account any more.
    #[inline]
    pub(crate) fn leave(&mut self, promise: &Ref) {
        if !matches!(self.registered, Registered::No) {
            self.deregister(promise);
        }
    }

    fn deregister(&mut self, promise: &Ref) {
        let removed = match std::mem::replace(&mut self.registered, Registered::No) {
            Registered::No | Registered::Refused(_) => None,
            Registered::Step(task) => {
                task.unpark_from(promise, self.park);
                promise
                    .head()
                    .remove_callback(|callback| matches!(callback, Callback::Step(waiting) if waiting.is(&task)))
            }
            Registered::Wake(wait) => {
                let (waker, task) = *wait;
                if let Some(task) = task {
                    task.unpark_from(promise, self.park);
                }
                promise
                    .head()
                    .remove_callback(|callback| matches!(callback, Callback::Wake(waiting) if waiting.will_wake(&waker)))
            }
        };
        drop(removed);
    }
}

/// Why this task may not wait for this promise.
fn refusal(promise: &Ref, by: Polled<'_>) -> Option<Error> {
    let loop_id = by.loop_id();
    if loop_id == 0 {
        return (promise.head().loop_id.get() == 0)
            .then(|| Error::runtime("no running event loop: a new promise is awaited outside `run`"));
    }
    if !promise.head().bind(loop_id) {
        let any = AnyPromise(promise.clone());
        return Some(Error::runtime(match by.task() {
            Some(task) => format!("Task '{}' awaits {any:?}, which is attached to a different loop", task.name()),
            None => format!("{any:?} is attached to a different loop"),
        }));
    }
    let task = by.task()?;
    task.erased()
        .ptr_eq(promise)
        .then(|| Error::runtime(format!("Task cannot await on itself: '{}'", task.name())))
}

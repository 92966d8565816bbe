//! One await of one promise: what every suspension in kolo comes down to.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use crate::block::head::{AnyPromise, Callback, CallbackKey, Callbacks};
use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::ground::error::{Awaited, Error, Result};
use crate::handle::promise::Promise;
use crate::handle::task::Task;
use crate::leaf::polled::{Polled, polled_by};

/// The leaf of a coroutine: registers with a promise, and tells when it is done or the wait is over for another reason.
///
/// The promise is not part of it, because its owner has it anyway; `leave` must be called when the owner is dropped.
pub(crate) struct Waiting {
    site: &'static Location<'static>,
    registered: Registered,
}

/// Where the leaf has left its task, and which of the task's suspensions that was.
enum Registered {
    /// The task's next step is among the promise's callbacks.
    Step(u64, TaskRef),
    /// Nowhere, or otherwise.
    Otherwise(Option<Box<Otherwise>>),
}

/// In a box, because few are left so. Then the number of a suspension and the task are all that a leaf has beside its site.
const _: () = assert!(size_of::<Waiting>() == 24);

struct Otherwise {
    number: u64,
    task: Option<TaskRef>,
    how: How,
}

enum How {
    /// Polled under a waker that is not the running task's own: inside a foreign combinator, or, without a task, by a foreign executor.
    Wake(Waker),
    /// The promise cannot be waited for; the task learns why one hop later.
    Refused(Error),
}

impl Registered {
    const NOWHERE: Registered = Registered::Otherwise(None);
}

impl Waiting {
    pub(crate) fn new(site: &'static Location<'static>) -> Waiting {
        Waiting {
            site,
            registered: Registered::NOWHERE,
        }
    }

    /// Whether it has not begun to wait.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.registered, Registered::Otherwise(None))
    }

    /// `Ok`: the promise is done. `Err`: the task was cancelled while it was on its way to learn that, or the wait was refused.
    #[inline]
    pub(crate) fn poll(&mut self, promise: &Ref, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(cancelled) = self.take_delivery() {
            // A task reads what it was woken for even when a cancellation takes its place.
            promise.head().mark_retrieved();
            self.leave(promise);
            return Poll::Ready(Err(cancelled));
        }
        if let Some(refused) = self.otherwise().and_then(Otherwise::refused) {
            return Poll::Ready(Err(refused));
        }
        if promise.head().done() {
            self.forget(promise);
            return Poll::Ready(Ok(()));
        }
        polled_by(context, |by| {
            self.suspend(promise, by, context);
            Poll::Pending
        })
    }

    /// The cancellation that the task's step delivers, if this leaf was the last to suspend it.
    #[inline(always)]
    fn take_delivery(&self) -> Option<Error> {
        match &self.registered {
            Registered::Step(number, task) => task.take_delivery(*number),
            Registered::Otherwise(None) => None,
            Registered::Otherwise(Some(otherwise)) => otherwise.take_delivery(),
        }
    }

    #[inline(always)]
    fn otherwise(&self) -> Option<&Otherwise> {
        match &self.registered {
            Registered::Step(..) => None,
            Registered::Otherwise(otherwise) => otherwise.as_deref(),
        }
    }

    /// The promise is done, and has told whoever waited.
    #[inline]
    fn forget(&mut self, promise: &Ref) {
        if let Some(otherwise) = self.otherwise() {
            otherwise.forget(promise);
        }
        self.registered = Registered::NOWHERE;
    }

    fn suspend(&mut self, promise: &Ref, by: Polled<'_>, context: &Context<'_>) {
        if !self.is_registered_by(by, context) {
            self.leave(promise);
            // Asked anew of whoever polls: the leaf may have been moved into the very task for which it waits.
            if let Some(reason) = refusal(promise, by) {
                self.registered = Registered::Otherwise(Some(Box::new(Otherwise {
                    number: by.park_and_wake(self.site, context),
                    task: by.task().cloned(),
                    how: How::Refused(reason.at(self.site)),
                })));
                return;
            }
            self.register(promise, by, context);
        }
        let number = match &mut self.registered {
            Registered::Step(number, _) => number,
            Registered::Otherwise(Some(otherwise)) => &mut otherwise.number,
            Registered::Otherwise(None) => return,
        };
        *number = by.park_on(promise, *number, self.site, context);
    }

    /// Whether the promise already wakes whoever polls.
    fn is_registered_by(&self, by: Polled<'_>, context: &Context<'_>) -> bool {
        match (&self.registered, by) {
            (Registered::Step(_, task), Polled::Direct(now)) => task.is(now),
            (Registered::Otherwise(Some(otherwise)), Polled::Indirect(_) | Polled::Outside) => {
                let Otherwise { task, how, .. } = &**otherwise;
                let same_task = match (task, by.task()) {
                    (Some(task), Some(now)) => task.is(now),
                    (None, None) => true,
                    _ => false,
                };
                same_task && matches!(how, How::Wake(waker) if waker.will_wake(context.waker()))
            }
            _ => false,
        }
    }

    fn register(&mut self, promise: &Ref, by: Polled<'_>, context: &Context<'_>) {
        match by {
            Polled::Direct(task) => {
                promise.add_callback(Callback::Step(task.clone()));
                self.registered = Registered::Step(0, task.clone());
            }
            Polled::Indirect(_) | Polled::Outside => {
                promise.add_callback(Callback::Wake(Box::new(context.waker().clone())));
                self.registered = Registered::Otherwise(Some(Box::new(Otherwise {
                    number: 0,
                    task: by.task().cloned(),
                    how: How::Wake(context.waker().clone()),
                })));
            }
        }
    }

    /// The outcome of the promise, as whoever waited gets it.
    #[inline]
    pub(crate) fn outcome_of<T>(&self, promise: &Ref, outcome: Result<T>) -> Result<T> {
        promise.hand_out(outcome, Awaited::At(self.site))
    }

    /// The error of the promise, as whoever waited gets it.
    #[cold]
    fn failure_of<T: 'static>(&self, promise: &Promise<T>) -> Error {
        let failure = promise.failure(Some(self.site));
        match failure.keeps_a_trail() {
            true => promise.block.erased().hand_out_error(failure, Awaited::At(self.site)),
            false => failure,
        }
    }

    /// Ends the wait early: nobody is woken by the promise on its account any more.
    #[inline]
    pub(crate) fn leave(&mut self, promise: &Ref) {
        if !self.is_new() {
            drop(self.take_leave(promise));
        }
    }

    /// [`leave`](Waiting::leave), because the await is dropped.
    #[inline(always)]
    pub(crate) fn end(&mut self, promise: &Ref) {
        if !self.is_new() {
            self.end_early(promise);
        }
    }

    #[cold]
    fn end_early(&mut self, promise: &Ref) {
        drop(self.take_leave(promise));
        if let Some(listener) = promise.head().callbacks.only_listener() {
            listener.await_dropped(promise);
        }
    }

    /// [`leave`](Waiting::leave), with what was registered yet to be dropped: the end of a foreign waker may do anything.
    #[must_use = "to be dropped when all is in order"]
    pub(super) fn take_leave(&mut self, promise: &Ref) -> Left {
        let callbacks = &promise.head().callbacks;
        let registered = std::mem::replace(&mut self.registered, Registered::NOWHERE);
        let callback = match &registered {
            Registered::Step(number, task) => {
                task.unpark_from(promise, *number);
                callbacks.remove(CallbackKey::of_step(task))
            }
            Registered::Otherwise(otherwise) => otherwise.as_ref().and_then(|otherwise| otherwise.leave(callbacks)),
        };
        Left {
            _callback: callback,
            _registered: registered,
        }
    }
}

impl Otherwise {
    #[cold]
    fn take_delivery(&self) -> Option<Error> {
        self.task.as_ref()?.take_delivery(self.number)
    }

    #[cold]
    fn refused(&self) -> Option<Error> {
        match &self.how {
            How::Wake(_) => None,
            How::Refused(reason) => Some(reason.clone()),
        }
    }

    #[cold]
    fn forget(&self, promise: &Ref) {
        let Some(task) = &self.task else { return };
        task.leave_beneath(self.number);
        if promise.head().cancelled() {
            // Whatever else was to deliver the cancellation, the task is told.
            task.flags.deliver();
        }
    }

    #[cold]
    fn leave(&self, callbacks: &Callbacks) -> Option<Callback> {
        let How::Wake(waker) = &self.how else { return None };
        if let Some(task) = &self.task {
            task.leave_beneath(self.number);
        }
        callbacks.remove(CallbackKey::of_wake(waker))
    }
}

/// What a wait had registered that was left.
pub(super) struct Left {
    _callback: Option<Callback>,
    _registered: Registered,
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

/// The future of `promise.await`: moves the value out.
///
/// ```
/// use kolo::types::Taken;
/// use kolo::{create_task, run, sleep_with};
///
/// /// Keeps an await under way.
/// struct Order(Taken<u32>);
///
/// run(async {
///     let order = Order(create_task(sleep_with(0.01, 42)).into_future());
///     assert_eq!(order.0.await?, 42);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Taken<T>(Waiting, Promise<T>);

/// The future of `(&promise).await`: clones the value. It is kept as [`Taken`] is.
#[must_use = "futures do nothing unless awaited"]
pub struct Cloned<T>(Waiting, Promise<T>);

impl<T> Unpin for Taken<T> {}
impl<T> Unpin for Cloned<T> {}

impl<T: 'static> Future for Taken<T> {
    type Output = Result<T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let Taken(waiting, promise) = &mut *self;
        // What is there at the first look.
        if waiting.is_new()
            && let Some(value) = promise.take_value()
        {
            return Poll::Ready(Ok(value));
        }
        ready!(waiting.poll(promise.block.erased(), context))?;
        Poll::Ready(promise.take_value().ok_or_else(|| waiting.failure_of(promise)))
    }
}

impl<T: Clone + 'static> Future for Cloned<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let Cloned(waiting, promise) = &mut *self;
        waiting
            .poll(promise.block.erased(), context)?
            .map(|()| waiting.outcome_of(promise.block.erased(), promise.cloned_at(Some(waiting.site))))
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.0.end(self.1.block.erased());
    }
}

impl<T> Drop for Cloned<T> {
    fn drop(&mut self) {
        self.0.end(self.1.block.erased());
    }
}

impl<T: 'static> IntoFuture for Promise<T> {
    type Output = Result<T>;
    type IntoFuture = Taken<T>;

    #[track_caller]
    fn into_future(self) -> Taken<T> {
        self.await_at(Location::caller())
    }
}

impl<T> Promise<T> {
    /// An await that is shown in reports as standing at `site`.
    pub(crate) fn await_at(self, site: &'static Location<'static>) -> Taken<T> {
        Taken(Waiting::new(site), self)
    }
}

impl<T: Clone + 'static> IntoFuture for &Promise<T> {
    type Output = Result<T>;
    type IntoFuture = Cloned<T>;

    #[track_caller]
    fn into_future(self) -> Cloned<T> {
        Cloned(Waiting::new(Location::caller()), self.clone())
    }
}

impl<T: 'static> IntoFuture for Task<T> {
    type Output = Result<T>;
    type IntoFuture = Taken<T>;

    #[track_caller]
    fn into_future(self) -> Taken<T> {
        Promise::clone(&self).into_future()
    }
}

impl<T: Clone + 'static> IntoFuture for &Task<T> {
    type Output = Result<T>;
    type IntoFuture = Cloned<T>;

    #[track_caller]
    fn into_future(self) -> Cloned<T> {
        (&**self).into_future()
    }
}

/// The future of `(&any_promise).await`, of an [`AnyPromise`].
#[must_use = "futures do nothing unless awaited"]
pub struct Settled(Waiting, AnyPromise);

impl Future for Settled {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Settled(waiting, promise) = &mut *self;
        ready!(waiting.poll(&promise.0, context))?;
        Poll::Ready(waiting.outcome_of(&promise.0, promise.outcome()))
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.leave(&self.1.0);
    }
}

impl IntoFuture for &AnyPromise {
    type Output = Result<()>;
    type IntoFuture = Settled;

    #[track_caller]
    fn into_future(self) -> Settled {
        Settled(Waiting::new(Location::caller()), self.clone())
    }
}

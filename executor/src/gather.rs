//! `gather`: several at once, their results together.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::current;
use crate::ensure::{Awaitable, EnsureFuture};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::listener::{Awaiter, Listen, Listener};
use crate::promise::waiting::Waiting;
use crate::promise::{AnyPromise, Callback, Head, Promise, State, any};
use crate::task::TaskRef;
use crate::task::raw::{self, Ref};
use crate::timeout::WaitFor;

/// The head of the promise that stands for a gather: cancelling it cancels the children.
#[repr(C)]
pub(crate) struct GatherHead {
    head: Head,
    children: Rc<[AnyPromise]>,
    /// The cancellation that was passed on to the children, to be reported once they are done.
    cancelled: Cell<Option<Error>>,
}

impl GatherHead {
    /// Asks every child. The gather itself is done when they are.
    pub(crate) fn cancel(&self, gather: &Ref, error: Error) -> bool {
        if gather.head().done() {
            return false;
        }
        let mut accepted = false;
        for child in self.children.iter() {
            accepted |= any::cancel(&child.0, error.clone());
        }
        if accepted {
            self.cancelled.set(Some(error));
        }
        accepted
    }
}

/// What the children's completions are told to.
struct Count {
    outer: Promise<()>,
    /// Each different child once; a child's number is its index.
    children: Rc<[AnyPromise]>,
    finished: Cell<usize>,
    return_exceptions: Cell<bool>,
    /// The children that were done when the gather was made. They are counted at the first look at it, because until then
    /// `return_exceptions` may change what they mean.
    done_at_once: RefCell<Vec<u32>>,
}

impl Count {
    fn begin(&self) {
        for index in self.done_at_once.take() {
            self.child_done(index);
        }
    }

    fn child_done(&self, index: u32) {
        self.finished.set(self.finished.get() + 1);
        let child = &self.children[index as usize];
        // With `return_exceptions` errors are looked at in the end. Until then nobody has seen them.
        let looks = self.outer.done() || !self.return_exceptions.get();
        if looks && child.0.head().state.get() != State::Value {
            let error = child.error();
            if !self.outer.done()
                && let Err(error) | Ok(Some(error)) = error
            {
                return self.fail(error);
            }
        }
        if self.outer.done() {
            return;
        }
        if self.finished.get() == self.children.len() {
            self.finish();
        }
    }

    fn finish(&self) {
        for child in self.children.iter() {
            child.0.head().mark_retrieved();
        }
        let cancelled = self
            .outer
            .block
            .erased()
            .heading::<GatherHead>()
            .and_then(|head| head.cancelled.take());
        match cancelled {
            Some(error) => self.fail(error),
            None => self.outer.fulfil(()),
        }
    }

    /// Even a cancellation is an error here: a gather is never "cancelled".
    fn fail(&self, error: Error) {
        self.outer.block.erased().fail(error, State::UnseenError);
    }
}

impl Listen for Rc<Count> {
    fn notify(&self, index: u32) {
        self.begin();
        self.child_done(index);
    }

    fn owned(&self) -> &[AnyPromise] {
        &self.children
    }

    fn awaiter(&self) -> Option<Awaiter> {
        Some(Awaiter::Promise(self.outer.as_any()))
    }
}

/// The children of a gather, of one type or of many.
pub trait Children {
    /// What the gather gives when all have succeeded.
    type Values;
    /// What it gives with `return_exceptions`.
    type Outcomes;
    /// Whether no child can be there twice, because each was made a task just now.
    #[doc(hidden)]
    fn all_new(&self) -> bool;
    #[doc(hidden)]
    fn promises(&self) -> Rc<[AnyPromise]>;
    #[doc(hidden)]
    fn values(&self) -> Result<Self::Values>;
    #[doc(hidden)]
    fn outcomes(&self) -> Self::Outcomes;
}

/// The outcome of a child, for a list of outcomes. A cancelled task stands there without the message of its cancellation: asyncio knows it
/// no more once the coroutine has ended.
fn among_results<T>(child: AnyPromise, outcome: impl FnOnce() -> Result<T>) -> Result<T> {
    if child.cancelled() && TaskRef::new(&child.0).is_some() {
        return Err(Error::cancelled());
    }
    outcome()
}

/// Children of one type, from an iterator.
pub struct Many<H, T> {
    handles: Vec<H>,
    all_new: bool,
    any: fn(&H) -> AnyPromise,
    outcome: fn(&H) -> Result<T>,
}

impl<H, T> Children for Many<H, T> {
    type Values = Vec<T>;
    type Outcomes = Vec<Result<T>>;

    fn all_new(&self) -> bool {
        self.all_new
    }
    fn promises(&self) -> Rc<[AnyPromise]> {
        self.handles.iter().map(self.any).collect()
    }
    fn values(&self) -> Result<Vec<T>> {
        self.handles.iter().map(self.outcome).collect()
    }
    fn outcomes(&self) -> Vec<Result<T>> {
        let outcome = |handle| among_results((self.any)(handle), || (self.outcome)(handle));
        self.handles.iter().map(outcome).collect()
    }
}

/// A child among others of different types.
pub struct One<H, T> {
    handle: H,
    any: fn(&H) -> AnyPromise,
    outcome: fn(&H) -> Result<T>,
}

impl<H, T> One<H, T> {
    #[track_caller]
    fn new<A: EnsureFuture<Handle = H, Value = T>>(awaitable: A, event_loop: &EventLoop) -> One<H, T> {
        One {
            handle: awaitable.ensure_future_on(event_loop),
            any: A::any,
            outcome: A::outcome,
        }
    }

    fn any(&self) -> AnyPromise {
        (self.any)(&self.handle)
    }

    fn outcome(&self) -> Result<T> {
        (self.outcome)(&self.handle)
    }
}

/// A tuple of things to gather, for [`gather!`](crate::gather!).
pub trait Tuple {
    #[doc(hidden)]
    type Children: Children;
    #[doc(hidden)]
    #[track_caller]
    fn ensure_on(self, event_loop: &EventLoop) -> Self::Children;
}

macro_rules! tuples {
    ($($name:ident $handle:ident $index:tt),+) => {
        impl<$($name: EnsureFuture),+> Tuple for ($($name,)+) {
            type Children = ($(One<$name::Handle, $name::Value>,)+);

            #[track_caller]
            fn ensure_on(self, event_loop: &EventLoop) -> Self::Children {
                ($(One::new(self.$index, event_loop),)+)
            }
        }

        impl<$($handle, $name),+> Children for ($(One<$handle, $name>,)+) {
            type Values = ($($name,)+);
            type Outcomes = ($(Result<$name>,)+);

            fn all_new(&self) -> bool {
                false
            }
            fn promises(&self) -> Rc<[AnyPromise]> {
                Rc::new([$(self.$index.any()),+])
            }
            fn values(&self) -> Result<Self::Values> {
                Ok(($(self.$index.outcome()?,)+))
            }
            fn outcomes(&self) -> Self::Outcomes {
                ($(among_results(self.$index.any(), || self.$index.outcome()),)+)
            }
        }
    };
}
tuples!(A HA 0);
tuples!(A HA 0, B HB 1);
tuples!(A HA 0, B HB 1, C HC 2);
tuples!(A HA 0, B HB 1, C HC 2, D HD 3);
tuples!(A HA 0, B HB 1, C HC 2, D HD 3, E HE 4);
tuples!(A HA 0, B HB 1, C HC 2, D HD 3, E HE 4, F HF 5);
tuples!(A HA 0, B HB 1, C HC 2, D HD 3, E HE 4, F HF 5, G HG 6);
tuples!(A HA 0, B HB 1, C HC 2, D HD 3, E HE 4, F HF 5, G HG 6, H HH 7);

/// The children of a gather over an iterator of `A`.
type ManyOf<A> = Many<<A as EnsureFuture>::Handle, <A as EnsureFuture>::Value>;

/// Runs everything in `awaitables` at once and gives their values in the order given. Mirrors `asyncio.gather`.
///
/// Coroutines become tasks here and now. The first error ends the wait, and the others go on; with
/// [`return_exceptions`](Gather::return_exceptions) errors are among the results instead. For different types there is
/// [`gather!`](crate::gather!).
///
/// ```
/// use kolo_executor::{gather, run, sleep_with};
///
/// let squares = run(async { gather((1..4).map(|n| sleep_with(0.01, n * n))).await });
/// assert_eq!(squares.unwrap(), [1, 4, 9]);
/// ```
///
/// # Panics
/// When no loop runs on this thread.
///
/// # Cancel safety
/// Cancelling the waiting task, or the gather, cancels every child; see [`shield`](crate::shield()).
#[track_caller]
pub fn gather<I>(awaitables: I) -> Gather<ManyOf<I::Item>>
where
    I: IntoIterator<Item: EnsureFuture>,
{
    gather_on(&EventLoop::from_core(current::expect("gather")), awaitables)
}

#[track_caller]
pub(crate) fn gather_on<I>(event_loop: &EventLoop, awaitables: I) -> Gather<ManyOf<I::Item>>
where
    I: IntoIterator<Item: EnsureFuture>,
{
    // A loop instead of `map`: the place of creation is that of this call.
    let mut handles = Vec::new();
    for awaitable in awaitables {
        handles.push(awaitable.ensure_future_on(event_loop));
    }
    Gather::new(
        event_loop,
        Many {
            handles,
            all_new: I::Item::IS_NEW,
            any: I::Item::any,
            outcome: I::Item::outcome,
        },
    )
}

/// [`gather()`] of a tuple; the macro of the same name calls this.
#[doc(hidden)]
#[track_caller]
pub fn gather_tuple<T: Tuple>(awaitables: T) -> Gather<T::Children> {
    let event_loop = EventLoop::from_core(current::expect("gather!"));
    let children = awaitables.ensure_on(&event_loop);
    Gather::new(&event_loop, children)
}

/// [`gather()`](crate::gather()) of up to eight things of different types; gives a tuple.
///
/// ```
/// use kolo_executor::{gather, run, sleep, sleep_with};
///
/// let (n, ()) = run(async { gather!(sleep_with(0.01, 5), sleep(0.01)).await }).unwrap();
/// assert_eq!(n, 5);
/// ```
#[macro_export]
macro_rules! gather {
    ($($awaitable:expr),+ $(,)?) => { $crate::gather_tuple(($($awaitable,)+)) };
}

/// A gather under way: can be awaited, cancelled, looked at.
///
/// Awaiting it moves the values out of the children that were given by value, and clones those that were given by reference.
#[must_use = "the children run, but nobody waits for them"]
pub struct Gather<C> {
    count: Rc<Count>,
    children: Rc<C>,
}

impl<C> Clone for Gather<C> {
    fn clone(&self) -> Self {
        Gather {
            count: self.count.clone(),
            children: self.children.clone(),
        }
    }
}

fn without_repeats(children: &[AnyPromise]) -> Rc<[AnyPromise]> {
    let mut seen = HashSet::with_capacity(children.len());
    children
        .iter()
        .filter(|child| seen.insert(child.0.address()))
        .cloned()
        .collect()
}

impl<C: Children> Gather<C> {
    fn new(event_loop: &EventLoop, children: C) -> Gather<C> {
        let all = children.promises();
        let different = if children.all_new() {
            all.clone()
        } else {
            without_repeats(&all)
        };
        let head = |head| GatherHead {
            head,
            children: all,
            cancelled: Cell::new(None),
        };
        let outer = Promise::from_block(raw::allocate(head, None::<Result<()>>));
        outer.head().bind(&event_loop.0);
        if different.is_empty() {
            outer.fulfil(());
        }
        let count = Rc::new(Count {
            outer,
            children: different,
            finished: Cell::new(0),
            return_exceptions: Cell::new(false),
            done_at_once: RefCell::default(),
        });
        let listener = Listener::new(count.clone());
        event_loop.0.circles.note(&listener, &count.children);
        for (index, child) in count.children.iter().enumerate() {
            let index = index as u32;
            if child.done() {
                count.done_at_once.borrow_mut().push(index);
            } else {
                match child.0.head().claim(&event_loop.0) {
                    Ok(()) => child.0.add_callback(Callback::Notify(listener.clone(), index)),
                    Err(_) if count.outer.done() => {}
                    Err(foreign) => count.fail(foreign),
                }
            }
        }
        Gather {
            count,
            children: Rc::new(children),
        }
    }

    /// Errors, cancellations included, are among the results, and the gather waits for all children. Mirrors
    /// `gather(..., return_exceptions=True)`. To be called on a new gather.
    pub fn return_exceptions(self) -> GatherOutcomes<C> {
        self.count.return_exceptions.set(true);
        self.count.begin();
        GatherOutcomes(self)
    }

    /// The promise that stands for the gather, without its values.
    pub fn as_any(&self) -> AnyPromise {
        self.count.begin();
        self.count.outer.as_any()
    }

    /// Cancels every child; `false` when none accepted. The gather then fails with the cancellation, but does not count as cancelled.
    pub fn cancel(&self) -> bool {
        self.as_any().cancel()
    }

    /// [`cancel`](Gather::cancel) with a message.
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        self.as_any().cancel_with(message)
    }

    /// Whether it is done.
    pub fn done(&self) -> bool {
        self.as_any().done()
    }

    /// Whether it was cancelled: never, see [`cancel`](Gather::cancel).
    pub fn cancelled(&self) -> bool {
        self.as_any().cancelled()
    }

    /// The error it is done with, if any; see [`Promise::error`].
    ///
    /// # Errors
    /// InvalidState while it is pending.
    pub fn error(&self) -> Result<Option<Error>> {
        self.as_any().error()
    }

    /// The values, when it is done.
    ///
    /// # Errors
    /// The first error of a child; InvalidState while it is pending.
    pub fn result(&self) -> Result<C::Values> {
        self.error()?.map_or_else(|| self.children.values(), Err)
    }
}

impl<C: Children> fmt::Debug for Gather<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count.outer.as_any().fmt(f)
    }
}

/// A gather whose results may be errors; from [`Gather::return_exceptions`].
#[must_use = "the children run, but nobody waits for them"]
pub struct GatherOutcomes<C>(Gather<C>);

impl<C> Clone for GatherOutcomes<C> {
    fn clone(&self) -> Self {
        GatherOutcomes(self.0.clone())
    }
}

impl<C: Children> std::ops::Deref for GatherOutcomes<C> {
    type Target = Gather<C>;

    fn deref(&self) -> &Gather<C> {
        &self.0
    }
}

impl<C: Children> GatherOutcomes<C> {
    /// The outcomes, when it is done.
    ///
    /// # Errors
    /// The cancellation, when the gather was cancelled; InvalidState while it is pending.
    pub fn results(&self) -> Result<C::Outcomes> {
        self.error()?.map_or_else(|| Ok(self.children.outcomes()), Err)
    }
}

impl<C: Children> fmt::Debug for GatherOutcomes<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The future of an awaited gather.
pub struct Gathering<G, T> {
    waiting: Waiting,
    outer: Ref,
    gather: G,
    outcome: fn(&G) -> Result<T>,
}

impl<G, T> Unpin for Gathering<G, T> {}

impl<G, T> Future for Gathering<G, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = &mut *self;
        this.waiting
            .poll(&this.outer, context)?
            .map(|()| (this.outcome)(&this.gather))
    }
}

impl<G, T> Drop for Gathering<G, T> {
    fn drop(&mut self) {
        self.waiting.leave(&self.outer);
    }
}

/// Implements what both kinds of gather share with promises: awaiting by value and by reference, and being awaited by others.
macro_rules! gathered {
    ($($gather:ident $outcome:ident $values:ident),+) => { $(
        impl<C: Children> IntoFuture for $gather<C> {
            type Output = Result<C::$values>;
            type IntoFuture = Gathering<$gather<C>, C::$values>;

            #[track_caller]
            fn into_future(self) -> Self::IntoFuture {
                Gathering {
                    waiting: Waiting::new(Location::caller()),
                    outer: self.as_any().0,
                    gather: self,
                    outcome: $gather::$outcome,
                }
            }
        }

        impl<C: Children> IntoFuture for &$gather<C> {
            type Output = Result<C::$values>;
            type IntoFuture = Gathering<$gather<C>, C::$values>;

            #[track_caller]
            fn into_future(self) -> Self::IntoFuture {
                self.clone().into_future()
            }
        }

        impl<C> Awaitable for $gather<C>
        where
            C: Children,
        {
            fn to_any(&self) -> AnyPromise {
                self.as_any()
            }
        }

        impl<C: Children> WaitFor for $gather<C> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.as_any())
            }
        }

        impl<C: Children> WaitFor for &$gather<C> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.as_any())
            }
        }

        impl<C: Children + 'static> EnsureFuture for $gather<C>
        where
            C::$values: 'static,
        {
            type Value = C::$values;
            type Handle = $gather<C>;

            fn ensure_future_on(self, _: &EventLoop) -> $gather<C> {
                self
            }
            fn any(handle: &$gather<C>) -> AnyPromise {
                handle.as_any()
            }
            fn outcome(handle: &$gather<C>) -> Result<C::$values> {
                handle.$outcome()
            }
        }
    )+ };
}
gathered!(Gather result Values, GatherOutcomes results Outcomes);

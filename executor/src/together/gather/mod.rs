//! `gather`: several at once, their results together.

mod children;
mod count;
mod gathering;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use self::children::ManyOf;
pub use self::children::{Children, Many, One, Tuple};
use self::count::Count;
pub use self::gathering::Gathering;
use crate::block::gather::GatherHead;
use crate::block::head::{AnyPromise, Callback};
use crate::block::listener::Listener;
use crate::block::raw;
use crate::ground::error::{Error, Result};
use crate::handle::promise::Promise;
use crate::together::ensure::{EnsureFuture, LoopOf};
use crate::together::several::Several;
use crate::wheel::core::EventLoop;

/// Runs everything in `awaitables` at once and gives their values in the order given. Mirrors `asyncio.gather`.
///
/// Coroutines become tasks here and now. The first error ends the wait, and the others go on; with
/// [`return_exceptions`](Gather::return_exceptions) errors are among the results instead. For different types there is
/// [`gather!`](crate::gather!).
///
/// ```
/// use kolo::{gather, run, sleep_with};
///
/// let squares = run(async { gather((1..4).map(|n| sleep_with(0.01, n * n))).await });
/// assert_eq!(squares.unwrap(), [1, 4, 9]);
/// ```
///
/// It belongs to the loop of the first of them: a coroutine's is the running one. So tasks and promises can be gathered before their loop runs.
///
/// A gather is a handle and no future, as a [`Task`](crate::Task) is: combinators of other crates are given its
/// [`into_future`](IntoFuture::into_future).
///
/// ```
/// use futures_util::future::FutureExt;
/// use futures_util::select;
/// use kolo::{gather, run, sleep, sleep_with};
///
/// let values = run(async {
///     let all = gather((1..4).map(|n| sleep_with(0.01, n)));
///     select! {
///         values = all.into_future().fuse() => values,
///         late = sleep(3600).fuse() => late.map(|()| Vec::new()),
///     }
/// });
/// assert_eq!(values.unwrap(), [1, 2, 3]);
/// ```
///
/// # Errors
/// The gather fails with the first error of a child; InvalidState, when a value was taken out by somebody else.
///
/// # Panics
/// When no loop runs on this thread, and nothing that is given belongs to one.
///
/// # Cancel safety
/// Cancelling the waiting task, or the gather, cancels every child; see [`shield`](crate::shield()).
#[doc(alias("join_all", "try_join_all"))]
#[track_caller]
pub fn gather<S: Several<One: EnsureFuture>>(awaitables: S) -> Gather<ManyOf<S::One>> {
    gather_among(LoopOf::new("gather", None), awaitables)
}

#[track_caller]
pub(crate) fn gather_on<S: Several<One: EnsureFuture>>(event_loop: &EventLoop, awaitables: S) -> Gather<ManyOf<S::One>> {
    gather_among(LoopOf::new("gather", Some(event_loop.clone())), awaitables)
}

#[track_caller]
fn gather_among<S: Several<One: EnsureFuture>>(mut event_loop: LoopOf, awaitables: S) -> Gather<ManyOf<S::One>> {
    // A loop instead of `map`: the place of creation is that of this call.
    let mut handles = Vec::new();
    for awaitable in awaitables {
        handles.push(event_loop.ensure(awaitable));
    }
    Gather::new(
        event_loop.expect(),
        Many {
            handles,
            all_new: S::One::IS_NEW,
            any: S::One::any,
            outcome: S::One::outcome,
        },
    )
}

/// [`gather()`] of a tuple; the macro of the same name calls this.
#[doc(hidden)]
#[track_caller]
pub fn gather_tuple<T: Tuple>(awaitables: T) -> Gather<T::Children> {
    let mut event_loop = LoopOf::new("gather!", None);
    let children = awaitables.ensure_on(&mut event_loop);
    Gather::new(event_loop.expect(), children)
}

/// [`gather()`](crate::gather()) of up to eight things of different types; gives a tuple.
///
/// ```
/// use kolo::{gather, run, sleep, sleep_with};
///
/// let (n, ()) = run(async { gather!(sleep_with(0.01, 5), sleep(0.01)).await }).unwrap();
/// assert_eq!(n, 5);
/// ```
///
/// # Panics
/// As [`gather()`](crate::gather()).
#[doc(alias("join", "try_join"))]
#[macro_export]
macro_rules! gather {
    ($($awaitable:expr),+ $(,)?) => { $crate::gather_tuple(($($awaitable,)+)) };
}

/// A gather under way: can be awaited, cancelled, looked at.
///
/// Awaiting it moves the values out of the children that were given by value, and clones those that were given by reference.
///
/// ```
/// use kolo::{gather, run, sleep, sleep_with};
///
/// run(async {
///     let all = gather([1, 2].map(|n| sleep_with(3600, n)));
///     sleep(0).await?;
///     assert!(!all.done());
///     all.cancel_with("enough");
///     assert_eq!(all.await.unwrap_err().message(), "enough");
///     Ok(())
/// })
/// .unwrap();
/// ```
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
    #[track_caller]
    fn new(event_loop: &EventLoop, children: C) -> Gather<C> {
        let all = children.promises();
        let different = if children.all_new() {
            all.clone()
        } else {
            without_repeats(&all)
        };
        let head = GatherHead {
            children: all,
            cancelled: Cell::new(None),
            listener: OnceCell::new(),
        };
        let outer = Promise::from_block(raw::allocate_promise(head));
        outer.head().bind(event_loop.0.id);
        if different.is_empty() {
            outer.block.fulfil(());
        }
        let count = Rc::new(Count {
            outer,
            children: different,
            finished: Cell::new(0),
            return_exceptions: Cell::new(false),
            done_at_once: RefCell::default(),
        });
        let listener = Listener::new(count.clone());
        if let Some(head) = count.outer.block.erased().own::<GatherHead>() {
            let _new = head.listener.set(listener.downgrade());
        }
        event_loop.note_ties(&listener, &count.children);
        for (index, child) in count.children.iter().enumerate() {
            let index = index as u32;
            if child.done() {
                count.done_at_once.borrow_mut().push(index);
            } else {
                match child.0.head().claim(event_loop.0.id) {
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
    ///
    /// ```
    /// use kolo::{gather, run, sleep};
    ///
    /// run(async {
    ///     let all = gather([sleep(10), sleep(20)]);
    ///     assert!(!all.done());
    ///     assert!(all.cancel());
    ///     assert!((&all).await.unwrap_err().is_cancelled());
    ///     assert!(all.done() && !all.cancelled());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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
    #[track_caller]
    pub fn error(&self) -> Result<Option<Error>> {
        self.as_any().error()
    }

    /// The values, when it is done.
    ///
    /// ```
    /// use kolo::{Kind, gather, run, sleep, sleep_with};
    ///
    /// run(async {
    ///     let all = gather([sleep_with(0.01, 1), sleep_with(0.02, 2)]);
    ///     assert_eq!(all.result().unwrap_err().kind(), Kind::InvalidState); // not done
    ///     let promise = all.as_any(); // for what takes a promise of whatever type
    ///     promise.add_done_callback(|_| println!("both are there"));
    ///     while !all.done() {
    ///         sleep(0.01).await?;
    ///     }
    ///     assert!(all.error()?.is_none());
    ///     assert_eq!(all.result()?, [1, 2]);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// The first error of a child; InvalidState while it is pending.
    #[track_caller]
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
///
/// ```
/// use kolo::{Error, gather, run};
///
/// run(async {
///     let all = gather([0, 1].map(|n| async move { if n > 0 { Ok(n) } else { Err(Error::value("bad")) } }));
///     let outcomes = all.return_exceptions().await?;
///     assert!(outcomes[0].is_err());
///     assert_eq!(*outcomes[1].as_ref().unwrap(), 1);
///     Ok(())
/// })
/// .unwrap();
/// ```
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
    /// ```
    /// use kolo::{Error, Result, gather, run, sleep};
    ///
    /// run(async {
    ///     let all = gather([0, 1].map(|n| async move { if n > 0 { Ok(n) } else { Err(Error::value("bad")) } }));
    ///     let all = all.return_exceptions();
    ///     while !all.done() {
    ///         sleep(0).await?;
    ///     }
    ///     assert_eq!(all.results()?.into_iter().filter_map(Result::ok).collect::<Vec<_>>(), [1]);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// The cancellation, when the gather was cancelled; InvalidState while it is pending.
    #[track_caller]
    pub fn results(&self) -> Result<C::Outcomes> {
        self.error()?.map_or_else(|| Ok(self.children.outcomes()), Err)
    }
}

impl<C: Children> fmt::Debug for GatherOutcomes<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! What a gather is made of: children of one type, from an iterator, or of many, from a tuple.

use std::rc::Rc;

use crate::block::head::AnyPromise;
use crate::block::task::TaskHead;
use crate::ground::error::{Awaited, Error, Result};
use crate::together::ensure::{EnsureFuture, LoopOf};

/// The children of a gather, of one type ([`Many`]) or of many (a tuple of [`One`]s).
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
    if child.cancelled() && child.0.is::<TaskHead>() {
        return Err(Error::cancelled());
    }
    child.0.hand_out(outcome(), Awaited::Unknown)
}

/// Children of one type, from an iterator.
///
/// ```
/// use kolo::types::Many;
/// use kolo::{Gather, Task, gather, run, sleep_with};
///
/// /// Keeps a gather under way.
/// struct Orders(Gather<Many<Task<u32>, u32>>);
///
/// run(async {
///     let orders = Orders(gather([1, 2].map(|n| sleep_with(0.01, n))));
///     assert_eq!(orders.0.await?, [1, 2]);
///     Ok(())
/// })
/// .unwrap();
/// ```
pub struct Many<H, T> {
    pub(super) handles: Vec<H>,
    pub(super) all_new: bool,
    pub(super) any: fn(&H) -> AnyPromise,
    pub(super) outcome: fn(&H) -> Result<T>,
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
///
/// ```
/// use kolo::types::One;
/// use kolo::{Gather, Task, gather, run, sleep, sleep_with};
///
/// /// Keeps a gather of different things under way.
/// struct Orders(Gather<(One<Task<u32>, u32>, One<Task<()>, ()>)>);
///
/// run(async {
///     let orders = Orders(gather!(sleep_with(0.01, 42), sleep(0.01)));
///     assert_eq!(orders.0.await?, (42, ()));
///     Ok(())
/// })
/// .unwrap();
/// ```
pub struct One<H, T> {
    handle: H,
    any: fn(&H) -> AnyPromise,
    outcome: fn(&H) -> Result<T>,
}

impl<H, T> One<H, T> {
    #[track_caller]
    fn new<A: EnsureFuture<Handle = H, Value = T>>(awaitable: A, event_loop: &mut LoopOf) -> One<H, T> {
        One {
            handle: event_loop.ensure(awaitable),
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
    fn ensure_on(self, event_loop: &mut LoopOf) -> Self::Children;
}

macro_rules! tuples {
    ($($name:ident $handle:ident $index:tt),+) => {
        impl<$($name: EnsureFuture),+> Tuple for ($($name,)+) {
            type Children = ($(One<$name::Handle, $name::Value>,)+);

            #[track_caller]
            fn ensure_on(self, event_loop: &mut LoopOf) -> Self::Children {
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
pub(super) type ManyOf<A> = Many<<A as EnsureFuture>::Handle, <A as EnsureFuture>::Value>;

//! The await of a gather, by the task that made it and by others on its behalf.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Children, Gather, GatherOutcomes};
use crate::block::gather::GatherHead;
use crate::block::head::AnyPromise;
use crate::block::raw::Ref;
use crate::ground::error::Result;
use crate::leaf::await_promise::Waiting;
use crate::together::ensure::{Awaitable, EnsureFuture};
use crate::together::wait_for::WaitFor;
use crate::wheel::core::EventLoop;

/// The future of an awaited [`Gather`], and of its [`GatherOutcomes`].
#[must_use = "futures do nothing unless awaited"]
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
            .map(|()| this.waiting.outcome_of(&this.outer, (this.outcome)(&this.gather)))
    }
}

impl<G, T> Drop for Gathering<G, T> {
    fn drop(&mut self) {
        let was_awaited = !self.waiting.is_new();
        self.waiting.leave(&self.outer);
        if was_awaited && let Some(listener) = self.outer.own::<GatherHead>().and_then(|head| head.listener.get()) {
            listener.await_dropped(&self.outer);
        }
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
            fn into_handle(self) -> Result<$gather<C>, Self> {
                Ok(self)
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

//! `shield`: an await that can be cancelled without cancelling what is awaited.

use crate::block::head::{AnyPromise, Callback, State};
use crate::block::listener::{Listen, Listener, WeakListener};
use crate::block::raw::Ref;
use crate::ground::error::{Awaited, Result};
use crate::handle::promise::Promise;
use crate::together::ensure::{EnsureFuture, LoopOf};

/// Protects `awaitable` from the cancellation of whoever awaits it. Mirrors `asyncio.shield`.
///
/// A coroutine becomes a task. Cancelling the shield, or the task that awaits it, ends the await; what is behind it goes on. Cancelling
/// *that* still reaches the await.
///
/// ```
/// use kolo::{create_task, run, shield, sleep_with, wait_for};
///
/// let answer = run(async {
///     let work = create_task(sleep_with(0.02, 42));
///     assert!(wait_for(shield(&work), 0.01).await.unwrap_err().is_timeout());
///     work.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
///
/// # Panics
/// When no loop runs on this thread, and what is given belongs to none.
#[must_use = "what is shielded goes on, but nobody waits for it"]
#[track_caller]
pub fn shield<A: EnsureFuture>(awaitable: A) -> Promise<A::Value> {
    let mut event_loop = LoopOf::new("shield", None);
    let inner = event_loop.ensure(awaitable);
    let promise = A::any(&inner);
    if promise.done() {
        // Nothing is left to protect: the shield is what it was given.
        return promise.downcast().unwrap_or_else(|| settled(A::outcome(&inner)));
    }
    let event_loop = event_loop.expect();
    let outer = Promise::unbound();
    promise.0.head().bind(event_loop.0.id);
    // Where the inner one belongs: behind a shield, too, a promise of another loop cannot be awaited here.
    outer.head().bind(promise.0.head().loop_id.get());
    let shielded = Shielded {
        inner,
        promise: promise.clone(),
        outcome: A::outcome,
        outer: outer.clone(),
    };
    let listener = Listener::new(shielded);
    event_loop.note_ties(&listener, std::slice::from_ref(&promise));
    promise.0.add_callback(Callback::Notify(listener.clone(), INNER));
    let undo = Listener::new(Undo {
        inner: promise,
        listener: listener.downgrade(),
    });
    outer.block.erased().add_callback(Callback::Notify(undo, OUTER));
    outer
}

/// A promise of an outcome that is there.
fn settled<T: 'static>(outcome: Result<T>) -> Promise<T> {
    let promise = Promise::new();
    let _ = match outcome {
        Ok(value) => promise.set_result(value),
        Err(error) => promise.set_error(error),
    };
    promise
}

const INNER: u32 = 0;
const OUTER: u32 = 1;

struct Shielded<H, T> {
    inner: H,
    /// The inner one without its type.
    promise: AnyPromise,
    outcome: fn(&H) -> Result<T>,
    outer: Promise<T>,
}

impl<H, T: 'static> Listen for Shielded<H, T> {
    /// The inner one is done: the outer one follows.
    fn notify(&self, _: u32) {
        let inner = &self.promise;
        if self.outer.done() {
            // Both in one iteration: the error, if there is one, counts as seen.
            inner.0.head().mark_retrieved();
            return;
        }
        if inner.cancelled() {
            self.outer.cancel();
            return;
        }
        match (self.outcome)(&self.inner) {
            Ok(value) => self.outer.block.fulfil(value),
            Err(error) => {
                let error = inner.0.hand_out_error(error, Awaited::ToBeTold);
                self.outer.block.erased().fail(error, State::UnseenError);
            }
        }
    }

    fn owned(&self) -> &[AnyPromise] {
        std::slice::from_ref(&self.promise)
    }

    fn awaiter(&self) -> Option<Ref> {
        Some(self.outer.block.erased().clone())
    }
}

/// The outer promise is done: the inner one need not tell it any more.
struct Undo {
    inner: AnyPromise,
    /// Weak: the listener owns the outer promise, which owns this.
    listener: WeakListener,
}

impl Listen for Undo {
    fn notify(&self, _: u32) {
        self.listener.leave(&self.inner);
    }

    fn shielded(&self) -> Option<AnyPromise> {
        Some(self.inner.clone())
    }

    /// One that is never awaited stays behind the inner one, as asyncio's does: its error is to be reported.
    fn await_dropped(&self, outer: &Ref) {
        const OF_THE_AWAIT_AND_THE_LISTENER: u32 = 2;
        if outer.count() == OF_THE_AWAIT_AND_THE_LISTENER {
            self.listener.leave(&self.inner);
        }
    }
}

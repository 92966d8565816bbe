//! Having a loop call something: soon, later, at a time.

use crate::block::callback::Scheduled;
use crate::ground::context::Context;
use crate::ground::time::{Delay, Nanos};
use crate::handle::callback_handle::{self, Handle, TimerHandle};
use crate::wheel::core::EventLoop;
use crate::wheel::current_context;
use crate::wheel::entry::Entry;

impl EventLoop {
    /// Calls `callback` in the next iteration, in a copy of the current context. Mirrors `loop.call_soon`.
    ///
    /// ```
    /// use kolo::{Promise, run, running_loop};
    ///
    /// let answer = run(async {
    ///     let promise = Promise::new();
    ///     let setter = promise.clone();
    ///     running_loop().call_soon(move || setter.set_result(42).expect("nobody else sets it"));
    ///     let never = running_loop().call_later(3600, || unreachable!("it is taken back"));
    ///     never.cancel();
    ///     promise.await
    /// });
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    ///
    /// A callback that panics is reported to the exception handler. On a closed loop the callback is dropped, and its handle says that it
    /// is cancelled; so with [`call_later`](EventLoop::call_later) and [`call_at`](EventLoop::call_at).
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        self.call_soon_in(current_context::current(), callback)
    }

    /// [`call_soon`](EventLoop::call_soon) in this context. Mirrors `loop.call_soon(context=...)`.
    ///
    /// ```
    /// use kolo::{Context, ContextVar, run, running_loop, sleep};
    ///
    /// thread_local!(static USER: ContextVar<&'static str> = ContextVar::new("user"));
    ///
    /// run(async {
    ///     let context = Context::current().copy();
    ///     context.run(|| USER.with(|user| user.set("Ann")));
    ///     running_loop().call_soon_in(context, || assert_eq!(USER.with(|user| user.get()).unwrap(), "Ann"));
    ///     sleep(0).await
    /// })
    /// .unwrap();
    /// ```
    pub fn call_soon_in(&self, context: Context, callback: impl FnOnce() + 'static) -> Handle {
        let scheduled = Scheduled::once(self.0.id, context, callback);
        if self.is_closed() {
            callback_handle::cancel(&scheduled);
        }
        self.0.observe_scheduled(scheduled.token);
        self.0.let_letters_go_first();
        self.0.queue(|| Entry::Call(scheduled.clone()));
        Handle(scheduled)
    }

    /// Calls `callback` when `delay` (seconds, or a [`Duration`](std::time::Duration)) has passed. Callbacks with one deadline run in the order of the calls; a closed loop refuses them as
    /// [`call_soon`](EventLoop::call_soon) does. Mirrors `loop.call_later`.
    ///
    /// # Panics
    /// When `delay` is NaN.
    #[track_caller]
    pub fn call_later(&self, delay: impl Delay, callback: impl FnOnce() + 'static) -> TimerHandle {
        let when = self.0.time.now().saturating_add(not_nan("call_later", delay));
        self.call_at_nanos(when, callback)
    }

    /// Calls `callback` at this [`time`](EventLoop::time), or soon if it has passed. Mirrors `loop.call_at`.
    ///
    /// ```
    /// use kolo::{Promise, run, running_loop};
    ///
    /// let when = run(async {
    ///     let event_loop = running_loop();
    ///     let reached = event_loop.create_promise();
    ///     let setter: Promise<f64> = reached.clone();
    ///     let timer = event_loop.call_at(event_loop.time() + 0.01, move || setter.set_result(running_loop().time()).unwrap());
    ///     assert!(timer.when() <= reached.await?);
    ///     Ok(())
    /// });
    /// when.unwrap();
    /// ```
    ///
    /// # Panics
    /// When `when` is NaN.
    #[track_caller]
    pub fn call_at(&self, when: impl Delay, callback: impl FnOnce() + 'static) -> TimerHandle {
        self.call_at_nanos(not_nan("call_at", when), callback)
    }

    fn call_at_nanos(&self, when: Nanos, callback: impl FnOnce() + 'static) -> TimerHandle {
        let scheduled = Scheduled::once(self.0.id, current_context::current(), callback);
        self.0.observe_scheduled(scheduled.token);
        if self.is_closed() {
            callback_handle::cancel(&scheduled);
        } else {
            scheduled.set_timer(self.0.arm_timer(when, Entry::Call(scheduled.clone())));
        }
        TimerHandle { scheduled, when }
    }
}

#[track_caller]
pub(crate) fn not_nan(what: &str, delay: impl Delay) -> Nanos {
    match delay.nanos() {
        Some(nanos) => nanos,
        None => panic!("{what}: the time is NaN (not a number)"),
    }
}

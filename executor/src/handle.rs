//! Handles of scheduled callbacks: `call_soon`, `call_later`, `call_at`, and done callbacks.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::context::Context;
use crate::current;
use crate::promise::AnyPromise;
use crate::timers::{Nanos, TimerKey, seconds};

/// A callback on its way, shared between the loop and the handle.
pub(crate) struct Scheduled {
    callback: RefCell<Option<Callback>>,
    pub(crate) context: Context,
    cancelled: Cell<bool>,
    pub(crate) loop_id: u16,
    timer: Cell<Option<TimerKey>>,
}

/// What to call.
enum Callback {
    Once(Box<dyn FnOnce()>),
    /// A reader or writer, called each time that the descriptor is ready.
    Repeatedly(Rc<RefCell<dyn FnMut()>>),
}

impl Scheduled {
    pub(crate) fn once(loop_id: u16, context: Context, callback: impl FnOnce() + 'static) -> Rc<Scheduled> {
        Self::new(loop_id, context, Callback::Once(Box::new(callback)))
    }

    pub(crate) fn repeatedly(loop_id: u16, context: Context, callback: impl FnMut() + 'static) -> Rc<Scheduled> {
        Self::new(loop_id, context, Callback::Repeatedly(Rc::new(RefCell::new(callback))))
    }

    fn new(loop_id: u16, context: Context, callback: Callback) -> Rc<Scheduled> {
        Rc::new(Scheduled {
            callback: RefCell::new(Some(callback)),
            context,
            cancelled: Cell::new(false),
            loop_id,
            timer: Cell::new(None),
        })
    }

    pub(crate) fn set_timer(&self, key: TimerKey) {
        self.timer.set(Some(key));
    }

    /// Calls it, unless it was cancelled.
    pub(crate) fn call(&self) {
        self.timer.set(None);
        let callback = self.callback.borrow_mut().take();
        match callback {
            None => {}
            Some(Callback::Once(callback)) => callback(),
            Some(Callback::Repeatedly(callback)) => {
                *self.callback.borrow_mut() = Some(Callback::Repeatedly(callback.clone()));
                // Called by the loop only, which never runs two callbacks at once.
                if let Ok(mut callback) = callback.try_borrow_mut() {
                    callback();
                }
            }
        }
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.set(true);
        // What the callback owns goes at once, outside of every borrow.
        let callback = self.callback.borrow_mut().take();
        let timer = self.timer.take().zip(current::core_of(self.loop_id));
        if let Some((key, core)) = timer {
            core.cancel_timer(key);
        }
        drop(callback);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

/// A callback given to [`call_soon`](crate::EventLoop::call_soon). Dropping the handle does nothing. Mirrors `asyncio.Handle`.
#[derive(Clone)]
pub struct Handle(pub(crate) Rc<Scheduled>);

impl Handle {
    /// Takes the callback back, if it has not run yet; what it owns is dropped at once. Mirrors `Handle.cancel`.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether [`cancel`](Handle::cancel) was called. Mirrors `Handle.cancelled`.
    pub fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.cancelled() { "<Handle cancelled>" } else { "<Handle>" })
    }
}

/// A callback given to [`call_later`](crate::EventLoop::call_later) or [`call_at`](crate::EventLoop::call_at). Dropping the handle does
/// nothing. Mirrors `asyncio.TimerHandle`.
#[derive(Clone)]
pub struct TimerHandle {
    pub(crate) scheduled: Rc<Scheduled>,
    pub(crate) when: Nanos,
}

impl TimerHandle {
    /// Takes the callback back, if it has not run yet; what it owns is dropped at once. Mirrors `TimerHandle.cancel`.
    pub fn cancel(&self) {
        self.scheduled.cancel();
    }

    /// Whether [`cancel`](TimerHandle::cancel) was called. Mirrors `TimerHandle.cancelled`.
    pub fn cancelled(&self) -> bool {
        self.scheduled.is_cancelled()
    }

    /// When it runs, in seconds of [`EventLoop::time`](crate::EventLoop::time). Mirrors `TimerHandle.when`.
    pub fn when(&self) -> f64 {
        seconds(self.when)
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cancelled = if self.cancelled() { " cancelled" } else { "" };
        write!(f, "<TimerHandle{cancelled} when={:?}>", self.when())
    }
}

/// Names a done callback, so that it can be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallbackToken(u64);

/// A user's callback for when a promise is done.
pub(crate) struct DoneCallback {
    pub(crate) token: CallbackToken,
    pub(crate) context: Context,
    /// Known once it is done: before, the promise would own itself.
    pub(crate) promise: Option<AnyPromise>,
    callback: Box<dyn FnOnce(&AnyPromise)>,
}

impl DoneCallback {
    pub(crate) fn new(context: Context, callback: impl FnOnce(&AnyPromise) + 'static) -> (DoneCallback, CallbackToken) {
        thread_local! {
            static LAST: Cell<u64> = const { Cell::new(0) };
        }
        let token = CallbackToken(LAST.with(|last| {
            last.set(last.get() + 1);
            last.get()
        }));
        (
            DoneCallback {
                token,
                context,
                promise: None,
                callback: Box::new(callback),
            },
            token,
        )
    }

    pub(crate) fn call(self) {
        if let Some(promise) = self.promise {
            (self.callback)(&promise);
        }
    }
}

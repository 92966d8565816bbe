//! Users' callbacks: those that were scheduled, and those for when a promise is done.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::block::head::AnyPromise;
use crate::ground::context::Context;
use crate::ground::nested_drop::nested_drop;
use crate::ground::timers::TimerKey;

/// A callback on its way, shared between the loop and the handle.
pub(crate) struct Scheduled {
    pub(crate) token: CallbackToken,
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

    /// `context` is one with a place of its own, so that all calls share it.
    pub(crate) fn repeatedly(loop_id: u16, context: Context, callback: impl FnMut() + 'static) -> Rc<Scheduled> {
        Self::new(loop_id, context, Callback::Repeatedly(Rc::new(RefCell::new(callback))))
    }

    fn new(loop_id: u16, context: Context, callback: Callback) -> Rc<Scheduled> {
        Rc::new(Scheduled {
            token: CallbackToken::next(),
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

    /// Will not be called any more. Hands back what it owns, to be dropped outside of every borrow, and its timer, to be disarmed.
    pub(crate) fn revoke(&self) -> (Option<impl Sized>, Option<TimerKey>) {
        self.cancelled.set(true);
        (self.callback.borrow_mut().take(), self.timer.take())
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

/// What it would call may own the handle of another one, in a long chain.
impl Drop for Scheduled {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.get_mut().take() {
            nested_drop(|| drop(callback));
        }
    }
}

/// Names a callback: so that a done callback can be taken back, and for observers.
///
/// ```
/// use kolo::{Promise, run, sleep};
///
/// run(async {
///     let promise = Promise::new();
///     let token = promise.add_done_callback(|_: &Promise<u32>| unreachable!("it is taken back"));
///     assert!(promise.remove_done_callback(token));
///     promise.set_result(42)?;
///     sleep(0).await
/// })
/// .unwrap();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallbackToken(u64);

impl CallbackToken {
    /// Another than every one before on this thread.
    fn next() -> CallbackToken {
        thread_local! {
            static LAST: Cell<u64> = const { Cell::new(0) };
        }
        LAST.with(|last| {
            last.set(last.get() + 1);
            CallbackToken(last.get())
        })
    }
}

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
        let token = CallbackToken::next();
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

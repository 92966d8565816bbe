//! The context of whoever runs, and the variables whose values are in it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ground::context::Context;
use crate::ground::error::{Error, Result};
use crate::wheel::current;

impl Context {
    /// A copy of the current context. Mirrors `contextvars.copy_context`.
    #[doc(alias = "copy_context")]
    pub fn current() -> Context {
        let mut copy = current();
        copy.handle()
    }

    /// Calls `f` in this context: what `f` sets stays in it. Mirrors `Context.run`.
    ///
    /// ```
    /// use kolo::{Context, ContextVar};
    ///
    /// static USER: ContextVar<&str> = ContextVar::new("user");
    ///
    /// let context = Context::current();
    /// context.run(|| USER.set("ada"));
    /// assert_eq!(context.run(|| USER.get()), Some("ada"));
    /// assert_eq!(USER.get(), None);
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _outside = Outside(replace(self.clone()));
        f()
    }
}

thread_local! {
    /// The context outside of tasks: of the thread, or of the callback that is running. It has no destructor, so that it is there as long as
    /// anybody uses a loop, while the thread is torn down too; what is in it is dropped by `END`.
    static OUTSIDE: ManuallyDrop<RefCell<Context>> = const { ManuallyDrop::new(RefCell::new(Context::NONE)) };
    /// The context of the callback that has just panicked.
    static OF_PANIC: ManuallyDrop<Cell<Option<Context>>> = const { ManuallyDrop::new(Cell::new(None)) };
    static END: End = const { End };
}

/// Drops what was set outside of tasks, at the end of the thread.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        drop(replace(Context::NONE));
    }
}

/// Works on the current context. `f` runs no user code.
fn with<R>(f: impl FnOnce(&mut Context) -> R) -> R {
    current::with_task(|task| match task {
        Some(task) => task.with_context(f),
        None => OUTSIDE.with(|outside| f(&mut outside.borrow_mut())),
    })
}

/// Looks at the current context. `f` runs no user code.
fn look<R>(f: impl FnOnce(&Context) -> R) -> R {
    current::with_task(|task| match task {
        Some(task) => task.look_at_context(f),
        None => OUTSIDE.with(|outside| f(&outside.borrow())),
    })
}

/// A copy of the current context.
#[inline]
pub(crate) fn current() -> Context {
    current::with_task(|task| match task {
        Some(task) => task.copy_context(),
        None => OUTSIDE.with(|outside| outside.borrow().bare_copy()),
    })
}

/// Puts the outer context back when it is dropped, after a panic too.
struct Outside(Context);

impl Drop for Outside {
    fn drop(&mut self) {
        let inside = replace(std::mem::replace(&mut self.0, Context::NONE));
        drop(inside);
    }
}

/// Calls a callback in its context, which [`of_panic`] gives out when it panics.
pub(crate) fn run_callback(context: Context, callback: impl FnOnce()) {
    /// [`Outside`], which remembers what it replaces: the callback's first value may have made its context another one.
    struct Back(Context);
    impl Drop for Back {
        fn drop(&mut self) {
            let inside = replace(std::mem::replace(&mut self.0, Context::NONE));
            let before = std::thread::panicking().then(|| OF_PANIC.with(|of_panic| of_panic.replace(Some(inside))));
            drop(before);
        }
    }
    let _back = Back(replace(context));
    callback();
}

/// The context in which the panic that was just caught is reported: that of the callback, if one panicked.
pub(crate) fn of_panic() -> Context {
    OF_PANIC.with(|of_panic| of_panic.take()).unwrap_or_else(current)
}

/// Makes `context` the current one, and returns the one before.
fn replace(context: Context) -> Context {
    with(|current| std::mem::replace(current, context))
}

/// A variable whose value belongs to the context. Made to be a `static`. Mirrors `contextvars.ContextVar`.
///
/// ```
/// use kolo::{ContextVar, create_task, run};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// run(async {
///     USER.set("ada");
///     create_task(async {
///         assert_eq!(USER.get(), Some("ada"));
///         USER.set("bob"); // for this task only
///         Ok(())
///     })
///     .await?;
///     assert_eq!(USER.get(), Some("ada"));
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("task_local", "LocalKey"))]
pub struct ContextVar<T> {
    /// Given at the first use; 0 until then. It is the variable's only state: values live in contexts.
    id: AtomicU64,
    name: &'static str,
    default: Option<fn() -> T>,
}

/// What a variable was before [`ContextVar::set`], for [`ContextVar::reset`].
///
/// ```
/// use kolo::ContextVar;
///
/// static LEVEL: ContextVar<u32> = ContextVar::with_default("level", || 0);
///
/// let before = LEVEL.set(1);
/// assert_eq!(LEVEL.get(), Some(1));
/// LEVEL.reset(before)?;
/// assert_eq!(LEVEL.get(), Some(0));
/// # Ok::<(), kolo::Error>(())
/// ```
#[doc(alias = "Token")]
pub struct ContextToken<T> {
    variable: u64,
    old: Option<Rc<dyn Any>>,
    value: PhantomData<T>,
}

impl<T: Clone + 'static> ContextVar<T> {
    /// A variable without a value. The name is for messages.
    pub const fn new(name: &'static str) -> Self {
        ContextVar {
            id: AtomicU64::new(0),
            name,
            default: None,
        }
    }

    /// A variable that has the value of `default` wherever none was set.
    pub const fn with_default(name: &'static str, default: fn() -> T) -> Self {
        ContextVar {
            id: AtomicU64::new(0),
            name,
            default: Some(default),
        }
    }

    fn id(&self) -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        match self.id.load(Ordering::Relaxed) {
            0 => {
                let new = LAST.fetch_add(1, Ordering::Relaxed) + 1;
                // Another thread may have been quicker: then its number is the variable's.
                match self.id.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => new,
                    Err(theirs) => theirs,
                }
            }
            id => id,
        }
    }

    /// The value in the current context, or else the default. `None` is asyncio's `LookupError`.
    #[doc(alias = "LookupError")]
    pub fn get(&self) -> Option<T> {
        // Cloned outside of the context's borrow: `T::clone` is user code.
        match look(|context| context.get(self.id())) {
            Some(value) => value.downcast_ref::<T>().cloned(),
            None => self.default.map(|default| default()),
        }
    }

    /// Sets the value in the current context.
    pub fn set(&self, value: T) -> ContextToken<T> {
        let variable = self.id();
        // While the thread is torn down it may be gone, and then nobody drops the value.
        let _registered = END.try_with(|_| ());
        let old = with(|context| context.set(variable, Some(Rc::new(value))));
        ContextToken {
            variable,
            old,
            value: PhantomData,
        }
    }

    /// Gives the variable the value, or none, that it had before the `set` that returned `token`.
    ///
    /// # Errors
    /// Value, when the token is another variable's.
    #[track_caller]
    pub fn reset(&self, token: ContextToken<T>) -> Result<()> {
        if token.variable != self.id() {
            return Err(Error::value(format!(
                "the token was created by a different ContextVar than {self:?}"
            )));
        }
        let replaced = with(|context| context.set(token.variable, token.old));
        drop(replaced);
        Ok(())
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<ContextVar name='{}'>", self.name)
    }
}

impl<T> fmt::Debug for ContextToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ContextToken>")
    }
}

//! The one error type, and its kinds.
//!
//! A coroutine's error type is fixed, so that `create_task(async move { ...; Ok(5) })` infers without annotations. It is one
//! word wide and cheap to clone, because every awaiter of a failed task sees the same error.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::iter::successors;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ground::caught::Payload;
use crate::ground::nested_drop::nested_drop;

/// The result of everything in kolo that may suspend, and of every coroutine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of error it is: asyncio's exceptions, and kolo's own two (`Panic`, `Deadlock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The task was asked to stop (`asyncio.CancelledError`).
    Cancelled,
    /// A deadline passed (`TimeoutError`).
    Timeout,
    /// An operation that the state of a promise does not allow (`asyncio.InvalidStateError`).
    InvalidState,
    /// A misuse of the loop or of a primitive (`RuntimeError`).
    Runtime,
    /// A value out of range (`ValueError`).
    Value,
    /// `get_nowait` on an empty queue (`asyncio.QueueEmpty`).
    QueueEmpty,
    /// `put_nowait` on a full queue (`asyncio.QueueFull`).
    QueueFull,
    /// A queue that was shut down (`asyncio.QueueShutDown`).
    QueueShutDown,
    /// A barrier that was aborted or reset (`asyncio.BrokenBarrierError`).
    BrokenBarrier,
    /// A stream ended in the middle of what was asked for (`asyncio.IncompleteReadError`).
    IncompleteRead,
    /// A stream's buffer limit was reached (`asyncio.LimitOverrunError`).
    LimitOverrun,
    /// Several errors together (`ExceptionGroup`); see [`Error::errors`].
    Group,
    /// Ctrl-C (`KeyboardInterrupt`). It ends the run at once instead of being handed to whoever awaits the task.
    KeyboardInterrupt,
    /// A panic in a task or a callback, caught and carried.
    Panic,
    /// Nothing can ever run again: every task waits for another.
    Deadlock,
    /// An [`std::io::Error`] (`OSError`).
    Io,
    /// Any other error.
    Other,
}

/// Why something failed.
///
/// Opaque; [`kind`](Error::kind) tells what happened, in asyncio's vocabulary. Any `std::error::Error` converts into it by
/// `?`. A cancellation that travelled through foreign code, wrapped in an [`std::io::Error`] or any error that names it as its
/// source, is recognised and comes out as [`Kind::Cancelled`] again.
///
/// ```
/// use kolo::{Error, Kind};
///
/// fn parse(text: &str) -> kolo::Result<i32> {
///     Ok(text.parse()?)
/// }
/// assert_eq!(parse("x").unwrap_err().kind(), Kind::Other);
/// assert_eq!(Error::value("bad").to_string(), "bad");
/// ```
#[derive(Clone)]
pub struct Error(
    /// `None` is the plain cancellation, by far the most frequent error: no allocation, no count.
    Option<Arc<Inner>>,
);

struct Inner {
    kind: Kind,
    message: Cow<'static, str>,
    owned: Owned,
}

/// What few errors have, and what may own other errors.
#[derive(Default)]
struct Owned {
    /// `raise ... from source`.
    source: Option<Error>,
    /// The foreign error that this one was converted from.
    foreign: Option<Arc<dyn std::error::Error + Send + Sync>>,
    errors: Vec<Error>,
    /// What a panic carried; taken by whoever resumes it.
    payload: Mutex<Option<Payload>>,
}

impl Error {
    /// An error of any kind.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Error {
        Error::from_inner(Inner::new(kind, message.into(), Owned::default()))
    }

    fn from_inner(inner: Inner) -> Error {
        Error(Some(Arc::new(inner)))
    }

    /// A `ValueError`: a value out of range.
    pub fn value(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Value, message)
    }

    /// A `RuntimeError`: a misuse.
    pub fn runtime(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Runtime, message)
    }

    /// An `InvalidStateError`.
    pub fn invalid_state(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::InvalidState, message)
    }

    /// A `TimeoutError`.
    pub fn timeout() -> Error {
        Error::new(Kind::Timeout, "")
    }

    /// An error of no particular kind (Python's `Exception(message)`).
    pub fn other(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Other, message)
    }

    /// The cancellation, without a message.
    pub const fn cancelled() -> Error {
        Error(None)
    }

    /// The cancellation, with the message that was given to `cancel`.
    pub fn cancelled_with(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Cancelled, message)
    }

    /// Several errors together, as an `ExceptionGroup` holds them.
    pub fn group(message: impl Into<Cow<'static, str>>, errors: Vec<Error>) -> Error {
        let owned = Owned {
            errors,
            ..Owned::default()
        };
        Error::from_inner(Inner::new(Kind::Group, message.into(), owned))
    }

    /// The error of a task that panicked. The payload stays available to [`take_panic`](Error::take_panic).
    pub(crate) fn panic(payload: Payload) -> Error {
        let message = payload.text();
        let owned = Owned {
            payload: Mutex::new(Some(payload)),
            ..Owned::default()
        };
        let message = message.unwrap_or(Cow::Borrowed("a panic whose payload is not a text"));
        Error::from_inner(Inner::new(Kind::Panic, message, owned))
    }

    /// The same error with `source` as its cause (`raise self from source`).
    #[must_use]
    pub fn with_source(self, source: Error) -> Error {
        let message = self.0.as_deref().map_or(Cow::Borrowed(""), |inner| inner.message.clone());
        self.altered(message, Some(source))
    }

    /// The same error, its message preceded by where it happened.
    pub(crate) fn at(self, place: &str) -> Error {
        let message = format!("{place}: {self}").into();
        self.altered(message, self.source_error().cloned())
    }

    fn altered(&self, message: Cow<'static, str>, source: Option<Error>) -> Error {
        let owned = Owned {
            source,
            foreign: self.0.as_deref().and_then(|inner| inner.owned.foreign.clone()),
            errors: self.errors().to_vec(),
            payload: Mutex::new(self.take_payload()),
        };
        Error::from_inner(Inner::new(self.kind(), message, owned))
    }

    /// What kind of error this is.
    pub fn kind(&self) -> Kind {
        self.0.as_deref().map_or(Kind::Cancelled, |inner| inner.kind)
    }

    /// Whether this is a cancellation.
    pub fn is_cancelled(&self) -> bool {
        self.kind() == Kind::Cancelled
    }

    /// Whether a deadline passed.
    pub fn is_timeout(&self) -> bool {
        self.kind() == Kind::Timeout
    }

    /// The message; empty when there is none.
    pub fn message(&self) -> &str {
        self.0.as_deref().map_or("", |inner| &inner.message)
    }

    /// The members of a [`Kind::Group`], in the order in which they happened; empty for every other kind.
    pub fn errors(&self) -> &[Error] {
        self.0.as_deref().map_or(&[], |inner| &inner.owned.errors)
    }

    /// The error that this one was raised from, if it was one of kolo's.
    pub fn source_error(&self) -> Option<&Error> {
        self.0.as_deref()?.owned.source.as_ref()
    }

    /// The foreign error that this one was converted from.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let foreign = self.0.as_deref()?.owned.foreign.as_deref()?;
        Some(foreign)
    }

    /// The foreign error that this one was converted from, if it is an `E`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.source()?.downcast_ref()
    }

    /// Takes what a panic carried, for `std::panic::resume_unwind`. `None` for other kinds, and when it was taken already.
    pub fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.take_payload()?.into_inner()
    }

    fn take_payload(&self) -> Option<Payload> {
        let payload = &self.0.as_deref()?.owned.payload;
        payload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether both are the same error, and not only alike. Plain cancellations are all the same.
    pub fn ptr_eq(&self, other: &Error) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Inner {
    fn new(kind: Kind, message: Cow<'static, str>, owned: Owned) -> Inner {
        Inner { kind, message, owned }
    }
}

/// Errors may own each other in a long chain.
impl Drop for Inner {
    fn drop(&mut self) {
        let owned = mem::take(&mut self.owned);
        nested_drop(|| drop(owned));
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => write!(f, "{:?}", self.kind()),
            message => f.write_str(message),
        }
    }
}

/// `Kind: message`, then the members and the causes: what `fn main() -> kolo::Result<()>` prints. As in Python's tracebacks groups within
/// groups are shown down to the tenth.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, 10)
    }
}

impl Error {
    fn show(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        // Not recursive: the chain may be longer than the stack.
        let causes: Vec<&Error> = successors(Some(self), |error| error.source_error()).collect();
        for (number, cause) in causes.iter().enumerate() {
            f.write_str(if number > 0 { "\ncaused by " } else { "" })?;
            cause.show_without_causes(f, depth)?;
        }
        for cause in causes.iter().rev() {
            for foreign in successors(cause.source(), |error| error.source()).skip(1) {
                write!(f, "\ncaused by {foreign}")?;
            }
        }
        Ok(())
    }

    fn show_without_causes(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        struct Member<'a>(&'a Error, usize);
        impl fmt::Display for Member<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.show(f, self.1)
            }
        }
        write!(f, "{:?}", self.kind())?;
        if !self.message().is_empty() {
            write!(f, ": {}", self.message())?;
        }
        let Some(deeper) = depth.checked_sub(1) else {
            return f.write_str(if self.errors().is_empty() { "" } else { " ..." });
        };
        for (index, member) in self.errors().iter().enumerate() {
            let text = Member(member, deeper).to_string().replace('\n', "\n     ");
            write!(f, "\n  {}. {text}", index + 1)?;
        }
        Ok(())
    }
}

/// Carries our error through code that knows only `std::error::Error`, which [`Error`] cannot implement itself: that would
/// collide with the conversion from every such type.
#[derive(Debug)]
struct Carrier(Error);

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carrier {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The error of ours that `error` is, or wraps directly.
fn carried<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    if let Some(Carrier(ours)) = error.downcast_ref() {
        return Some(ours);
    }
    // `io::Error::source` skips the error that it wraps.
    let inner = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    carried(inner)
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Error {
        if let Some(ours) = carried(&error) {
            return ours.clone();
        }
        let mut source = error.source();
        while let Some(link) = source {
            match carried(link) {
                Some(ours) if ours.is_cancelled() => return ours.clone(),
                _ => source = link.source(),
            }
        }
        let any: &(dyn std::error::Error + 'static) = &error;
        let kind = match any.downcast_ref::<std::io::Error>() {
            Some(_) => Kind::Io,
            None => Kind::Other,
        };
        let message = Cow::Owned(error.to_string());
        let owned = Owned {
            foreign: Some(Arc::new(error)),
            ..Owned::default()
        };
        Error::from_inner(Inner::new(kind, message, owned))
    }
}

impl Error {
    /// As a boxed `std::error::Error`, for code that wants one. Converting it back gives this error again.
    pub fn into_std(self) -> Box<dyn std::error::Error + Send + Sync> {
        Box::new(Carrier(self))
    }
}

/// For code that speaks `std::io`. Converting it back gives the original error again.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> std::io::Error {
        let kind = match error.kind() {
            Kind::Timeout => std::io::ErrorKind::TimedOut,
            Kind::IncompleteRead => std::io::ErrorKind::UnexpectedEof,
            Kind::Value => std::io::ErrorKind::InvalidInput,
            _ => match error.downcast_ref::<std::io::Error>() {
                Some(original) => original.kind(),
                None => std::io::ErrorKind::Other,
            },
        };
        std::io::Error::new(kind, Carrier(error))
    }
}

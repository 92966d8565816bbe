//! The one error type.
//!
//! A coroutine's error type is fixed, so that `create_task(async move { ...; Ok(5) })` infers without annotations. It is one
//! word wide and cheap to clone, because every awaiter of a failed task sees the same error.

mod data;
mod foreign;
mod kind;
mod show;
mod trail;

use std::any::Any;
use std::borrow::Cow;
use std::mem;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::data::{IncompleteRead, LimitOverrun, OsError};
use self::foreign::{Carrier, Foreign};
pub use self::kind::Kind;
use self::trail::Came;
pub use self::trail::Passage;
pub(crate) use self::trail::{Awaited, Origin};
use crate::ground::caught::{Payload, catch};
use crate::ground::line::of_program;
use crate::ground::nested_drop::nested_drop;

/// The result of everything in kolo that may suspend, and of every coroutine; unless told otherwise, with an [`Error`].
///
/// ```
/// use kolo::Result;
///
/// fn parse(text: &str) -> Result<u32> {
///     Ok(text.parse()?)
/// }
/// fn strictly(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
/// assert_eq!(parse("42").unwrap(), strictly("42").unwrap());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The line of a program; `None` where it is not known.
pub(crate) type Place = Option<&'static Location<'static>>;

/// Why something failed.
///
/// Opaque; [`kind`](Error::kind) tells what happened, in asyncio's vocabulary.
///
/// **In and out.** Any `std::error::Error` converts into it by `?`; a box of one, or an `anyhow::Error`, by
/// `.map_err(Error::from_boxed)?`. It converts by `?` into `Box<dyn std::error::Error>`, with or without `Send + Sync`, into
/// [`std::io::Error`] and, with the feature `anyhow`, into `anyhow::Error`. On the way back it is the same error again. A cancellation that
/// travelled through foreign code, in any of these or in an error that names it as its source, is recognised and comes out as
/// [`Kind::Cancelled`] again; [`Error::carried_by`] finds it before.
///
/// **Where.** An error knows the [`place`](Error::place) at which it was made, or at which `?` turned it into one of kolo's, and the
/// [`trail`](Error::trail) of tasks that it came through. [`traceback`](Error::traceback) shows both, and once it has left [`run`](crate::run) so
/// does its `Debug`, which is what `fn main() -> kolo::Result<()>` prints:
///
/// ```text
/// Error: Traceback (innermost last):
///   src/main.rs:20, awaiting Task-1
///   src/main.rs:12, in Task-1, awaiting Task-2 (created at src/main.rs:11)
///   src/main.rs:3
/// Value: bad
/// ```
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
#[doc(alias("Exception", "BaseException", "JoinError"))]
#[derive(Clone)]
pub struct Error(
    /// `None` is the plain cancellation, by far the most frequent error: no allocation, no count.
    Option<Arc<Inner>>,
);

enum Inner {
    Made(Made),
    /// Somebody awaited a task, or a promise, that had failed.
    Came(Came),
}

/// The error itself, shared by all who see it.
struct Made {
    kind: Kind,
    message: Cow<'static, str>,
    place: Place,
    /// `raise ... from source`.
    source: Option<Carrier>,
    nature: Nature,
}

/// What it was made of.
#[derive(Default)]
enum Nature {
    #[default]
    Plain,
    /// The foreign error that it was converted from.
    Foreign(Arc<dyn Foreign>),
    Group(Vec<Error>),
    /// What a panic carried; taken by whoever resumes it.
    Panic(Mutex<Option<Payload>>),
}

impl Error {
    /// An error of any kind.
    ///
    /// ```
    /// use kolo::{Error, Kind};
    ///
    /// let error = Error::new(Kind::Io, "the disk is full");
    /// assert_eq!((error.kind(), error.message()), (Kind::Io, "the disk is full"));
    /// // The frequent kinds are shorter:
    /// assert_eq!(Error::value("bad").kind(), Kind::Value);
    /// assert_eq!(Error::runtime("not now").kind(), Kind::Runtime);
    /// assert_eq!(Error::invalid_state("not done").kind(), Kind::InvalidState);
    /// assert_eq!(Error::other("odd").kind(), Kind::Other);
    /// assert!(Error::timeout().is_timeout());
    /// assert!(Error::cancelled().is_cancelled());
    /// assert_eq!(Error::cancelled_with("shutdown").message(), "shutdown");
    /// assert_eq!(Error::group("two of three", vec![Error::value("bad"), Error::timeout()]).errors().len(), 2);
    /// ```
    #[track_caller]
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Error {
        Error::of(kind, message.into(), Nature::Plain)
    }

    // Cold, so that whatever may fail does not pay for it.
    #[cold]
    #[track_caller]
    fn of(kind: Kind, message: Cow<'static, str>, nature: Nature) -> Error {
        Error::from_inner(Inner::Made(Made {
            kind,
            message,
            place: Some(Location::caller()),
            source: None,
            nature,
        }))
    }

    fn from_inner(inner: Inner) -> Error {
        Error(Some(Arc::new(inner)))
    }

    /// A `ValueError`: a value out of range.
    #[doc(alias = "ValueError")]
    #[track_caller]
    pub fn value(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Value, message)
    }

    /// A `RuntimeError`: a misuse.
    #[doc(alias = "RuntimeError")]
    #[track_caller]
    pub fn runtime(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Runtime, message)
    }

    /// An `InvalidStateError`.
    #[doc(alias = "InvalidStateError")]
    #[track_caller]
    pub fn invalid_state(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::InvalidState, message)
    }

    /// A `TimeoutError`.
    #[doc(alias = "TimeoutError")]
    #[track_caller]
    pub fn timeout() -> Error {
        Error::new(Kind::Timeout, "")
    }

    /// An error of no particular kind (Python's `Exception(message)`).
    #[track_caller]
    pub fn other(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Other, message)
    }

    /// The cancellation, without a message.
    #[doc(alias = "CancelledError")]
    pub const fn cancelled() -> Error {
        Error(None)
    }

    /// The cancellation, with the message that was given to `cancel`.
    #[track_caller]
    pub fn cancelled_with(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::Cancelled, message)
    }

    /// Several errors together, as an `ExceptionGroup` holds them.
    ///
    /// ```
    /// use kolo::{Error, Kind, run, task_group};
    ///
    /// let failed = run(async {
    ///     task_group(async |group| {
    ///         group.create_task(async { Err::<(), _>(Error::value("bad")) })?;
    ///         Ok(())
    ///     })
    ///     .await
    /// });
    /// let group = failed.unwrap_err();
    /// assert_eq!(group.kind(), Kind::Group);
    /// assert_eq!(group.errors()[0].message(), "bad");
    /// ```
    #[doc(alias("ExceptionGroup", "BaseExceptionGroup"))]
    #[track_caller]
    pub fn group(message: impl Into<Cow<'static, str>>, errors: Vec<Error>) -> Error {
        Error::of(Kind::Group, message.into(), Nature::Group(errors))
    }

    /// The error of a task that panicked. The payload stays available to [`take_panic`](Error::take_panic).
    pub(crate) fn panic(payload: Payload) -> Error {
        let message = payload.text();
        let message = message.unwrap_or(Cow::Borrowed("a panic whose payload is not a text"));
        let nature = Nature::Panic(Mutex::new(Some(payload)));
        Error::of(Kind::Panic, message, nature).without_place()
    }

    /// Calls `call`, whose panic becomes an error of kind [`Panic`](Kind::Panic), as that of a task does. For primitives that run code of
    /// others outside of tasks, on threads of their own for example.
    ///
    /// ```
    /// use kolo::{Error, Kind};
    ///
    /// assert_eq!(Error::catch(|| Ok(42)).unwrap(), 42);
    /// let error = Error::catch(|| -> kolo::Result<()> { panic!("oh") }).unwrap_err();
    /// assert_eq!((error.kind(), error.message()), (Kind::Panic, "oh"));
    /// ```
    ///
    /// # Errors
    /// That of the call; Panic.
    pub fn catch<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
        catch(call).unwrap_or_else(|payload| Err(Error::panic(payload)))
    }

    /// The same error with `source` as its cause (`raise self from source`).
    ///
    /// ```
    /// use kolo::{Error, Kind};
    ///
    /// let cause = Error::timeout();
    /// let error = Error::runtime("nobody answers").with_source(cause);
    /// assert_eq!(error.source_error().unwrap().kind(), Kind::Timeout);
    /// ```
    #[must_use]
    pub fn with_source(self, source: Error) -> Error {
        let message = self.made().map_or(Cow::Borrowed(""), |made| made.message.clone());
        self.altered(message, self.place(), Some(source))
    }

    /// The same error, as one that was made at this place. For primitives, whose users want to see their own line; see
    /// [`place`](Error::place).
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use kolo::{Error, Result};
    ///
    /// /// Gives out numbered tickets, up to a last one.
    /// struct Tickets(Option<u32>);
    ///
    /// impl Tickets {
    ///     #[track_caller]
    ///     fn take(&self) -> Result<u32> {
    ///         let caller = Location::caller();
    ///         self.0.ok_or_else(|| Error::value("no tickets are left").at(caller))
    ///     }
    /// }
    /// assert_eq!(Tickets(None).take().unwrap_err().place().unwrap().line(), line!());
    /// ```
    #[must_use]
    pub fn at(self, place: &'static Location<'static>) -> Error {
        self.placed(Some(place))
    }

    /// The same error, without a place where it was made. For primitives: their own line would tell nobody anything, and that of their user
    /// is not always known. What a [`Claim`](crate::primitive::Claim) fails with so is placed where the claim is awaited.
    ///
    /// ```
    /// use kolo::Error;
    ///
    /// assert!(Error::value("bad").place().is_some());
    /// assert!(Error::value("bad").without_place().place().is_none());
    /// ```
    #[must_use]
    pub fn without_place(self) -> Error {
        self.placed(None)
    }

    /// The same error, as one that was made at this place, unless it knows another.
    #[cold]
    pub(crate) fn or_at(self, place: &'static Location<'static>) -> Error {
        match self.place() {
            Some(_) => self,
            None => self.placed(Some(place)),
        }
    }

    pub(crate) fn placed(mut self, place: Place) -> Error {
        // Nearly always it was made just now, and nobody else has it.
        if let Some(Inner::Made(made)) = self.0.as_mut().and_then(Arc::get_mut) {
            made.place = place;
            return self;
        }
        match self.made() {
            Some(made) => self.altered(made.message.clone(), place, self.source_error().cloned()),
            None => self,
        }
    }

    /// The same error, its message preceded by what it is about.
    pub(crate) fn about(self, what: &str) -> Error {
        let message = format!("{what}: {self}").into();
        self.altered(message, self.place(), self.source_error().cloned())
    }

    fn altered(&self, message: Cow<'static, str>, place: Place, source: Option<Error>) -> Error {
        let nature = match self.made().map(|made| &made.nature) {
            None | Some(Nature::Plain) => Nature::Plain,
            Some(Nature::Foreign(foreign)) => Nature::Foreign(foreign.clone()),
            Some(Nature::Group(errors)) => Nature::Group(errors.clone()),
            Some(Nature::Panic(_)) => Nature::Panic(Mutex::new(self.take_payload())),
        };
        let altered = Error::from_inner(Inner::Made(Made {
            kind: self.kind(),
            message,
            place,
            source: source.map(Carrier),
            nature,
        }));
        altered.with_trail_of(self)
    }

    #[inline]
    fn made(&self) -> Option<&Made> {
        let came = match self.0.as_deref()? {
            Inner::Made(made) => return Some(made),
            Inner::Came(came) => came,
        };
        match came.made.0.as_deref()? {
            Inner::Made(made) => Some(made),
            Inner::Came(_) => None,
        }
    }

    /// What kind of error this is.
    pub fn kind(&self) -> Kind {
        self.made().map_or(Kind::Cancelled, |made| made.kind)
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
        self.made().map_or("", |made| &made.message)
    }

    /// Where it was made, or where `?` turned it into an error of kolo's. Of a misuse of kolo's own things this is the line that misused them.
    ///
    /// `None` where it is not known: of a cancellation, a timeout, a panic, a deadlock, and where a function that makes errors was given as a
    /// value, as in `map_err(Error::from_boxed)`.
    ///
    /// ```
    /// use kolo::{Error, Result};
    ///
    /// fn parse(text: &str) -> Result<i32> {
    ///     Ok(text.parse()?)
    /// }
    /// println!("made at {}", parse("x").unwrap_err().place().unwrap()); // made at src/main.rs:4:8
    /// assert!(Error::cancelled().place().is_none());
    /// ```
    pub fn place(&self) -> Option<&'static Location<'static>> {
        of_program(self.made()?.place?)
    }

    /// The members of a [`Kind::Group`], in the order in which they happened; empty for every other kind.
    #[doc(alias = "exceptions")]
    pub fn errors(&self) -> &[Error] {
        match self.made().map(|made| &made.nature) {
            Some(Nature::Group(errors)) => errors,
            _ => &[],
        }
    }

    /// The error that this one was raised from, if it was one of kolo's.
    #[doc(alias = "__cause__")]
    pub fn source_error(&self) -> Option<&Error> {
        self.made()?.source.as_ref().map(|source| &source.0)
    }

    /// Takes what a panic carried, for `std::panic::resume_unwind`. `None` for other kinds, and when it was taken already.
    ///
    /// ```
    /// use kolo::{Kind, create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(async {
    ///         if true {
    ///             panic!("oh no");
    ///         }
    ///         Ok(())
    ///     });
    ///     let error = task.await.unwrap_err();
    ///     assert_eq!(error.kind(), Kind::Panic);
    ///     assert_eq!(error.message(), "oh no");
    ///     let payload = error.take_panic().unwrap(); // for std::panic::resume_unwind
    ///     assert_eq!(payload.downcast_ref::<&str>(), Some(&"oh no"));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.take_payload()?.into_inner()
    }

    fn take_payload(&self) -> Option<Payload> {
        match &self.made()?.nature {
            Nature::Panic(payload) => payload.lock().unwrap_or_else(PoisonError::into_inner).take(),
            _ => None,
        }
    }

    /// Whether both are the same error, and not only alike, whatever tasks they came through. Plain cancellations are all the same.
    ///
    /// ```
    /// use kolo::Error;
    ///
    /// let error = Error::value("bad");
    /// assert!(error.ptr_eq(&error.clone()));
    /// assert!(!error.ptr_eq(&Error::value("bad")));
    /// ```
    pub fn ptr_eq(&self, other: &Error) -> bool {
        match (self.made(), other.made()) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Errors may own each other in a long chain.
impl Drop for Inner {
    fn drop(&mut self) {
        match self {
            Inner::Made(made) => {
                let owned = (made.source.take(), mem::take(&mut made.nature));
                nested_drop(|| drop(owned));
            }
            Inner::Came(came) => {
                let before = came.before.take();
                nested_drop(|| drop(before));
            }
        }
    }
}

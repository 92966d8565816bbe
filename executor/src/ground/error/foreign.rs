//! Foreign errors in, and our errors out, into what other crates speak; and back again.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::iter::successors;
use std::panic::Location;
use std::sync::Arc;

use super::data::{errno_of, kind_of};
use super::{Error, Kind, Nature};

type AnyError = dyn StdError + 'static;

/// A foreign error as ours keep it: what holds it is kept, so that the error in it can be told by its type.
pub(super) trait Foreign: Send + Sync {
    fn error(&self) -> &AnyError;
}

/// One that is an error itself.
struct Bare<E>(E);

impl<E: StdError + Send + Sync + 'static> Foreign for Bare<E> {
    fn error(&self) -> &AnyError {
        &self.0
    }
}

/// One that holds an error.
struct Boxed<B>(B);

impl<B: AsRef<dyn StdError + Send + Sync> + Send + Sync> Foreign for Boxed<B> {
    fn error(&self) -> &AnyError {
        self.0.as_ref()
    }
}

/// Carries our error through code that knows only `std::error::Error`, which [`Error`] cannot implement itself: that would
/// collide with the conversion from every such type.
pub(super) struct Carrier(pub(super) Error);

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As the error itself: what `fn main() -> Result<(), Box<dyn Error>>` prints.
impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Carrier {
    fn source(&self) -> Option<&AnyError> {
        match &self.0.made()?.source {
            Some(source) => Some(source),
            // What the foreign error says this one says already: the next is what that was caused by.
            None => self.0.source()?.source(),
        }
    }
}

/// The error of ours that `error` is, or wraps directly.
fn carried(error: &AnyError) -> Option<&Error> {
    let mut error = error;
    loop {
        if let Some(Carrier(ours)) = error.downcast_ref() {
            return Some(ours);
        }
        // `io::Error::source` skips the error that it wraps.
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

/// The error and what it was caused by, and that in turn.
fn chain(error: &AnyError) -> impl Iterator<Item = &AnyError> {
    successors(Some(error), |error| (*error).source())
}

/// What `error` is among ours: the one that it carries, or a cancellation that it was caused by.
fn known(error: &AnyError) -> Option<Error> {
    let caused_by = || {
        chain(error)
            .skip(1)
            .find_map(|cause| carried(cause).filter(|ours| ours.is_cancelled()))
    };
    carried(error).or_else(caused_by).cloned()
}

#[track_caller]
fn convert<F: Foreign + 'static>(foreign: F) -> Error {
    let error = foreign.error();
    if let Some(ours) = known(error) {
        return ours;
    }
    let (kind, message) = (kind_of(error), error.to_string());
    Error::of(kind, message.into(), Nature::Foreign(Arc::new(foreign)))
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Error {
        convert(Bare(error))
    }
}

impl Error {
    /// The error that is in a box: a `Box<dyn Error + Send + Sync>`, an `anyhow::Error`, or whatever else shows itself as one. `?` cannot do
    /// that by itself, because neither is a `std::error::Error`: `work().map_err(Error::from_boxed)?`.
    ///
    /// ```
    /// use kolo::{Error, Result};
    ///
    /// type Boxed = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// fn parse(text: &str) -> Result<i32, Boxed> {
    ///     Ok(text.parse()?)
    /// }
    /// fn twice(text: &str) -> Result<i32> {
    ///     Ok(2 * parse(text).map_err(Error::from_boxed)?)
    /// }
    /// let error = twice("x").unwrap_err();
    /// assert_eq!(error.to_string(), "invalid digit found in string");
    /// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    /// ```
    #[track_caller]
    pub fn from_boxed(error: impl AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static) -> Error {
        convert(Boxed(error))
    }

    /// The error that is in a `Box<dyn Error>`, which may belong to its thread. An error of kolo's, or of the system, comes out as it went in;
    /// of any other the messages are kept, its own and those of its causes.
    ///
    /// ```
    /// use kolo::{Error, Kind, Result};
    ///
    /// fn parse(text: &str) -> Result<i32, Box<dyn std::error::Error>> {
    ///     Ok(text.parse()?)
    /// }
    /// fn twice(text: &str) -> Result<i32> {
    ///     Ok(2 * parse(text).map_err(Error::from_boxed_local)?)
    /// }
    /// assert_eq!(twice("x").unwrap_err().to_string(), "invalid digit found in string");
    /// ```
    #[track_caller]
    pub fn from_boxed_local(error: Box<dyn StdError>) -> Error {
        let place = Location::caller();
        match error.downcast::<io::Error>() {
            Ok(system) => Error::from(*system),
            Err(error) => known(&*error).unwrap_or_else(|| told(&*error).at(place)),
        }
    }

    /// The error of kolo's that a foreign error is, wraps, or names among its causes. For code between: `Error::carried_by(&*boxed)` tells
    /// whether a `boxed` error, or an `anyhow::Error`, is a cancellation, and is to be handed on.
    ///
    /// ```
    /// use kolo::Error;
    ///
    /// let boxed: Box<dyn std::error::Error> = Error::cancelled().into();
    /// assert!(Error::carried_by(&*boxed).is_some_and(Error::is_cancelled));
    /// ```
    pub fn carried_by<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
        chain(error).find_map(carried)
    }

    /// The foreign error that this one was converted from.
    ///
    /// ```
    /// use kolo::{Error, Result};
    ///
    /// fn parse(text: &str) -> Result<i32> {
    ///     Ok(text.parse()?)
    /// }
    /// let error = parse("x").unwrap_err();
    /// assert!(error.source().unwrap().is::<std::num::ParseIntError>());
    /// let error: Box<dyn std::error::Error> = error.into_std(); // for code that wants such a one
    /// assert!(Error::carried_by(&*error).is_some());
    /// ```
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.made()?.nature {
            Nature::Foreign(foreign) => Some(foreign.error()),
            _ => None,
        }
    }

    /// The foreign error that this one was converted from, if it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.source()?.downcast_ref()
    }

    /// The system's number of the error, if it came from there. Mirrors `OSError.errno`.
    ///
    /// ```
    /// use kolo::Error;
    ///
    /// let error = Error::from(std::fs::File::open("/no/such/file").unwrap_err());
    /// assert_eq!(error.errno(), Some(2)); // ENOENT
    /// ```
    pub fn errno(&self) -> Option<i32> {
        self.source().and_then(errno_of)
    }

    /// As a boxed `std::error::Error`, for code that wants one. Converting it back gives this error again.
    pub fn into_std(self) -> Box<dyn StdError + Send + Sync> {
        Box::new(Carrier(self))
    }
}

/// An error that says what this one says, and is caused by what its causes say, down to one that is ours.
fn told(error: &AnyError) -> Error {
    let mut links = Vec::new();
    let mut ours = None;
    for link in chain(error) {
        ours = carried(link).cloned();
        if ours.is_some() {
            break;
        }
        links.push(link);
    }
    let innermost_first = links.into_iter().rev();
    let told = innermost_first.fold(ours, |cause, link| {
        let link = Error::new(kind_of(link), link.to_string()).without_place();
        Some(match cause {
            Some(cause) => link.with_source(cause),
            None => link,
        })
    });
    told.unwrap_or_else(|| unreachable!("the chain has a link at least"))
}

/// For `?` where errors are boxed. Converting it back gives this error again, see [`Error::from_boxed`].
impl From<Error> for Box<dyn StdError + Send + Sync> {
    fn from(error: Error) -> Self {
        error.into_std()
    }
}

/// For `?` where errors are boxed. Converting it back gives this error again.
impl From<Error> for Box<dyn StdError + Send> {
    fn from(error: Error) -> Self {
        Box::new(Carrier(error))
    }
}

/// For `?` where errors are boxed. Converting it back gives this error again, see [`Error::from_boxed_local`].
impl From<Error> for Box<dyn StdError> {
    fn from(error: Error) -> Self {
        Box::new(Carrier(error))
    }
}

/// For `?` in functions that return `anyhow::Result`. Converting it back gives this error again, see [`Error::from_boxed`].
#[cfg(feature = "anyhow")]
impl From<Error> for anyhow::Error {
    fn from(error: Error) -> Self {
        anyhow::Error::new(Carrier(error))
    }
}

/// For code that speaks `std::io`. An error with an [`errno`](Error::errno) becomes that of the system; any other is carried, and converting
/// it back gives the original error again.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        if let Some(errno) = error.errno() {
            return io::Error::from_raw_os_error(errno);
        }
        let kind = match error.kind() {
            Kind::Timeout => io::ErrorKind::TimedOut,
            Kind::IncompleteRead => io::ErrorKind::UnexpectedEof,
            Kind::Value => io::ErrorKind::InvalidInput,
            _ => error.downcast_ref().map_or(io::ErrorKind::Other, io::Error::kind),
        };
        io::Error::new(kind, Carrier(error))
    }
}

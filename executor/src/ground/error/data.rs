//! Errors with data: what went wrong, in numbers and bytes, for those who act on it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use super::Kind;

/// A stream ended before all that was asked for had come. Mirrors `asyncio.IncompleteReadError`.
///
/// Becomes an [`Error`](crate::Error) of kind [`IncompleteRead`](Kind::IncompleteRead) by `?`, out of which
/// [`downcast_ref`](crate::Error::downcast_ref) takes it again.
///
/// ```
/// use kolo::{Error, IncompleteRead, Kind};
///
/// let error = Error::from(IncompleteRead { partial: b"ab".to_vec(), expected: Some(5) });
/// assert_eq!(error.kind(), Kind::IncompleteRead);
/// assert_eq!(error.to_string(), "2 bytes read on a total of 5 expected bytes");
/// assert_eq!(error.downcast_ref::<IncompleteRead>().unwrap().partial, b"ab");
/// ```
#[doc(alias = "IncompleteReadError")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncompleteRead {
    /// The bytes that had come.
    pub partial: Vec<u8>,
    /// How many bytes were asked for, in all; `None` where that is not known, as when something is read up to a separator.
    pub expected: Option<usize>,
}

impl fmt::Display for IncompleteRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes read on a total of ", self.partial.len())?;
        match self.expected {
            Some(expected) => write!(f, "{expected} expected bytes"),
            None => f.write_str("undefined expected bytes"),
        }
    }
}

impl StdError for IncompleteRead {}

/// More would have to be buffered than a stream may, to find what is looked for. Mirrors `asyncio.LimitOverrunError`.
///
/// Becomes an [`Error`](crate::Error) of kind [`LimitOverrun`](Kind::LimitOverrun) by `?`, out of which
/// [`downcast_ref`](crate::Error::downcast_ref) takes it again.
///
/// ```
/// use kolo::{Error, Kind, LimitOverrun};
///
/// let message = "Separator is not found, and chunk exceed the limit".into();
/// let error = Error::from(LimitOverrun { message, consumed: 64 });
/// assert_eq!(error.kind(), Kind::LimitOverrun);
/// assert_eq!(error.downcast_ref::<LimitOverrun>().unwrap().consumed, 64);
/// ```
#[doc(alias = "LimitOverrunError")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitOverrun {
    /// What was looked for, and in what way the limit was in the way.
    pub message: Cow<'static, str>,
    /// How many bytes of the buffer can be taken out before the search goes on.
    pub consumed: usize,
}

impl fmt::Display for LimitOverrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for LimitOverrun {}

/// The system refused something, told in one's own words. Mirrors an `OSError` that is made of a number and a text.
///
/// Becomes an [`Error`](crate::Error) of kind [`Io`](Kind::Io) by `?`. Errors that the system tells of in its words are
/// [`std::io::Error`]s; [`Error::errno`](crate::Error::errno) gives the number of both.
///
/// ```
/// use kolo::{Error, Kind, OsError};
///
/// let text = "Connect call failed ('127.0.0.1', 1)".into();
/// let error = Error::from(OsError { errno: 111, text });
/// assert_eq!(error.kind(), Kind::Io);
/// assert_eq!(error.errno(), Some(111));
/// assert_eq!(error.to_string(), "[Errno 111] Connect call failed ('127.0.0.1', 1)");
/// ```
#[doc(alias = "OSError")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsError {
    /// The system's number of the error.
    pub errno: i32,
    /// What happened. Mirrors `OSError.strerror`.
    #[doc(alias = "strerror")]
    pub text: Cow<'static, str>,
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[Errno {}] {}", self.errno, self.text)
    }
}

impl StdError for OsError {}

/// What kind of error of ours a foreign one makes.
pub(super) fn kind_of(error: &(dyn StdError + 'static)) -> Kind {
    if error.is::<std::io::Error>() || error.is::<OsError>() {
        Kind::Io
    } else if error.is::<IncompleteRead>() {
        Kind::IncompleteRead
    } else if error.is::<LimitOverrun>() {
        Kind::LimitOverrun
    } else {
        Kind::Other
    }
}

/// The system's number of a foreign error, if it has one.
pub(super) fn errno_of(error: &(dyn StdError + 'static)) -> Option<i32> {
    let system = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    system.or_else(|| error.downcast_ref().map(|error: &OsError| error.errno))
}

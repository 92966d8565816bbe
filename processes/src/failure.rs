//! `Failure`: an error as it crosses from one process to another.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;
use std::panic::resume_unwind;
use std::process;

use kolo_executor::{Error, IncompleteRead, Kind, LimitOverrun, OsError};
use serde::{Deserialize, Serialize};

/// By these numbers kinds cross; both sides have the same program.
const KINDS: [Kind; 18] = [
    Kind::Cancelled,
    Kind::Timeout,
    Kind::InvalidState,
    Kind::Runtime,
    Kind::Value,
    Kind::QueueEmpty,
    Kind::QueueFull,
    Kind::QueueShutDown,
    Kind::BrokenBarrier,
    Kind::BrokenPool,
    Kind::IncompleteRead,
    Kind::LimitOverrun,
    Kind::Group,
    Kind::KeyboardInterrupt,
    Kind::Panic,
    Kind::Deadlock,
    Kind::Io,
    Kind::Other,
];

/// Chains may be longer than anybody reads, and groups deeper than a decoder follows.
const LONGEST: usize = 100;
const DEEPEST: usize = 10;

/// An error, and what it was caused by, and that in turn; the last says where in the other process it was made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Failure(Vec<Link>);

#[derive(Serialize, Deserialize)]
struct Link {
    kind: usize,
    message: String,
    data: Data,
}

/// What an error is made of beside its kind and its message.
#[derive(Serialize, Deserialize)]
enum Data {
    Nothing,
    Incomplete { partial: Vec<u8>, expected: Option<usize> },
    Overrun { consumed: usize },
    Os { errno: i32, text: String },
    System { errno: i32 },
    Group(Vec<Failure>),
}

impl Failure {
    pub(crate) fn of(error: &Error) -> Failure {
        Failure::within(error, DEEPEST)
    }

    fn within(error: &Error, depth: usize) -> Failure {
        let ours = successors(Some(error), |error| error.source_error()).take(LONGEST);
        let mut links: Vec<Link> = ours.map(|error| Link::of(error, depth)).collect();
        let foreign = successors(error.source().and_then(StdError::source), |error| (*error).source());
        links.extend(foreign.take(LONGEST).map(|error| Link::plain(Kind::Other, error.to_string())));
        if let Some(place) = error.place() {
            links.push(Link::plain(Kind::Other, format!("at {place} in process {}", process::id())));
        }
        Failure(links)
    }

    /// The error of this process that tells of it.
    pub(crate) fn into_error(self) -> Error {
        let innermost_first = self.0.into_iter().rev();
        let error = innermost_first.fold(None, |cause, link| {
            let error = link.into_error();
            Some(match cause {
                Some(cause) => error.with_source(cause),
                None => error,
            })
        });
        error.unwrap_or_else(Error::cancelled)
    }
}

impl Link {
    fn of(error: &Error, depth: usize) -> Link {
        let kind = error.kind();
        Link {
            kind: number_of(kind),
            message: error.message().to_owned(),
            data: Data::of(error, depth),
        }
    }

    fn plain(kind: Kind, message: String) -> Link {
        let (kind, data) = (number_of(kind), Data::Nothing);
        Link { kind, message, data }
    }

    fn into_error(self) -> Error {
        let kind = KINDS.get(self.kind).copied().unwrap_or(Kind::Other);
        let message = self.message;
        let error = match self.data {
            Data::Incomplete { partial, expected } => IncompleteRead { partial, expected }.into(),
            Data::Overrun { consumed } => LimitOverrun {
                message: message.into(),
                consumed,
            }
            .into(),
            Data::Os { errno, text } => OsError {
                errno,
                text: text.into(),
            }
            .into(),
            Data::System { errno } => io::Error::from_raw_os_error(errno).into(),
            Data::Group(errors) => Error::group(message, errors.into_iter().map(Failure::into_error).collect()),
            Data::Nothing if kind == Kind::Panic => {
                // Carried on, it shows nothing: the other process has told of it.
                let Err(error) = Error::catch(|| -> kolo_executor::Result<()> { resume_unwind(Box::new(message)) }) else {
                    unreachable!("it panics")
                };
                error
            }
            Data::Nothing if kind == Kind::Cancelled && message.is_empty() => Error::cancelled(),
            Data::Nothing => Error::new(kind, message),
        };
        error.without_place()
    }
}

impl Data {
    fn of(error: &Error, depth: usize) -> Data {
        if let Some(IncompleteRead { partial, expected }) = error.downcast_ref() {
            let (partial, expected) = (partial.clone(), *expected);
            return Data::Incomplete { partial, expected };
        }
        if let Some(&LimitOverrun { consumed, .. }) = error.downcast_ref() {
            return Data::Overrun { consumed };
        }
        if let Some(OsError { errno, text }) = error.downcast_ref() {
            let (errno, text) = (*errno, text.to_string());
            return Data::Os { errno, text };
        }
        match (error.kind(), error.errno()) {
            (Kind::Io, Some(errno)) => Data::System { errno },
            (Kind::Group, _) => {
                let members = error.errors().iter().take(if depth == 0 { 0 } else { usize::MAX });
                Data::Group(
                    members
                        .map(|member| Failure::within(member, depth.saturating_sub(1)))
                        .collect(),
                )
            }
            _ => Data::Nothing,
        }
    }
}

fn number_of(kind: Kind) -> usize {
    // One that is not known here is as good as any other.
    KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len())
}

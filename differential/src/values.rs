//! What programs compute and fail with, and how traces spell it.

use std::fmt;
use std::io::{self, ErrorKind};

use kolo::{Error, IncompleteRead, Kind, LimitOverrun, Result};

/// One of the program's own errors.
#[derive(Debug)]
pub(crate) struct ProgramError(pub(crate) i64);

impl fmt::Display for ProgramError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "E{}", self.0)
    }
}

impl std::error::Error for ProgramError {}

/// An error's name in traces.
pub(crate) fn error_name(error: &Error) -> String {
    if let Some(own) = error.downcast_ref::<ProgramError>() {
        return own.to_string();
    }
    match error.kind() {
        Kind::Cancelled => "Cancelled".into(),
        Kind::Timeout => "Timeout".into(),
        Kind::Runtime => "RuntimeError".into(),
        Kind::Value => "ValueError".into(),
        Kind::InvalidState => "InvalidState".into(),
        Kind::QueueEmpty => "QueueEmpty".into(),
        Kind::QueueFull => "QueueFull".into(),
        Kind::QueueShutDown => "QueueShutDown".into(),
        Kind::BrokenBarrier => "BrokenBarrier".into(),
        Kind::Group => {
            let members: Vec<_> = error.errors().iter().map(error_name).collect();
            format!("Group({})", members.join(","))
        }
        Kind::IncompleteRead => {
            let error = error.downcast_ref::<IncompleteRead>().expect("the kind says so");
            let expected = error.expected.map_or("none".into(), |expected| expected.to_string());
            format!("IncompleteRead{{{},{expected}}}", show(&error.partial))
        }
        Kind::LimitOverrun => {
            let error = error.downcast_ref::<LimitOverrun>().expect("the kind says so");
            format!("LimitOverrun{{{}}}", error.consumed)
        }
        Kind::Io => match io_kind(error) {
            Some(ErrorKind::WouldBlock) => "WouldBlock".into(),
            Some(ErrorKind::BrokenPipe) => "BrokenPipe".into(),
            Some(ErrorKind::ConnectionReset) => "ConnectionReset".into(),
            Some(ErrorKind::ConnectionRefused) => "ConnectionRefused".into(),
            Some(ErrorKind::NotFound) => "FileNotFound".into(),
            // No trace of CPython's holds this: the comparison will show it.
            _ => format!("Unknown:Io:{error}"),
        },
        // Nor this.
        other => format!("Unknown:{other:?}:{error}"),
    }
}

/// What the system, or kolo in its stead, says of a socket. Not all of it has a number.
fn io_kind(error: &Error) -> Option<ErrorKind> {
    let itself = error.downcast_ref::<io::Error>().map(io::Error::kind);
    itself.or_else(|| error.errno().map(|number| io::Error::from_raw_os_error(number).kind()))
}

/// Received data in traces: its length, and its text or, if that is long, a checksum (Adler-32).
pub(crate) fn show(data: &[u8]) -> String {
    const SHORT: usize = 24;
    if data.len() <= SHORT {
        return format!("{}:{}", data.len(), String::from_utf8_lossy(data).replace('\n', "$"));
    }
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    format!("{}#{high:04x}{low:04x}", data.len())
}

/// What an awaited object gives: an integer, or from a gather a list of its children's outcomes.
pub(crate) enum Value {
    Integer(i64),
    List(Vec<Result<i64>>),
}

impl Value {
    pub(crate) fn integers(values: Vec<i64>) -> Value {
        Value::List(values.into_iter().map(Ok).collect())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(integer) => write!(formatter, "{integer}"),
            Value::List(outcomes) => {
                let spell = |outcome: &Result<i64>| match outcome {
                    Ok(integer) => integer.to_string(),
                    Err(error) => error_name(error),
                };
                write!(formatter, "[{}]", outcomes.iter().map(spell).collect::<Vec<_>>().join(","))
            }
        }
    }
}

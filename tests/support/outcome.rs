//! How something ended: its error, in words, or its panic.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kolo_executor::{Error, Kind, Result};

/// The kind of the error that must be there.
#[track_caller]
pub(crate) fn kind_of<T: Debug>(outcome: Result<T>) -> Kind {
    outcome.expect_err("an error").kind()
}

/// The kind and the message of the error that must be there.
#[track_caller]
pub(crate) fn error_of<T: Debug>(outcome: Result<T>) -> (Kind, String) {
    let error = outcome.expect_err("an error");
    (error.kind(), error.message().to_owned())
}

/// The kinds of the members of the group that this must have failed with.
#[track_caller]
pub(crate) fn members<T: Debug>(outcome: Result<T>) -> Vec<Kind> {
    let error = outcome.expect_err("a group");
    assert_eq!(error.kind(), Kind::Group, "{error:?}");
    error.errors().iter().map(|member| member.kind()).collect()
}

/// A word for how something ended: the name of the error's kind, or the value.
pub(crate) fn ended<T: Debug>(outcome: &Result<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// An error that can be recognised: `Other`, with this message.
pub(crate) fn boom(message: &'static str) -> Error {
    Error::other(message)
}

/// The message of the panic that must happen. It is printed as well, as every caught panic is.
#[track_caller]
pub(crate) fn panic_of<T>(call: impl FnOnce() -> T) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(call())));
    let payload = outcome.expect_err("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&'static str>().expect("a text")).to_owned(),
    }
}

/// What asyncio shows of a primitive.
pub(crate) fn text(primitive: &impl Debug) -> String {
    format!("{primitive:?}")
}

//! Streams: bytes in order, read and written by tasks.

mod buffer;
mod drain;
mod incoming;
pub(crate) mod lines;
mod polled;
pub(crate) mod protocol;
mod read;
pub(crate) mod reader;
mod search;
pub(crate) mod streams;
pub(crate) mod writer;

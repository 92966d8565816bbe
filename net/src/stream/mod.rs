//! Streams: bytes in order, read and written by tasks.

mod buffer;
mod drain;
mod incoming;
pub(crate) mod lines;
pub(crate) mod protocol;
pub(crate) mod reader;
mod search;
pub(crate) mod writer;

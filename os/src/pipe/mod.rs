//! Pipes: one direction each, for tasks by streams, or for a protocol.

pub(crate) mod connect;
mod descriptor;
pub(crate) mod reading;
pub(crate) mod stdin;
pub(crate) mod writing;

//! Sockets, streams and servers, as asyncio has them, to the iteration.
//!
//! Everything stands on the executor's public [`Source`](kolo_executor::primitive::Source): a descriptor of which the loop tells its owner. On that stands
//! the transport, which reads, buffers and writes; on that the streams.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod address;

pub use address::Address;

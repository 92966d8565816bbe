//! Sockets, streams and servers, as asyncio has them, to the iteration.
//!
//! Everything stands on the executor's public [`Source`](kolo_executor::primitive::Source): a descriptor of which the loop tells its owner. On that stands
//! the transport, which reads, buffers and writes; on that the streams.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod address;
#[allow(dead_code, reason = "`create_connection` and `open_connection` stand on it")]
mod connect;
mod endpoint;
mod pool;
mod resolve;
mod sock;
mod staggered;
mod system;

pub use address::Address;
pub use endpoint::Endpoint;
pub use resolve::{Family, getaddrinfo};
pub use sock::accept::{Listener, sock_accept};
pub use sock::connect::sock_connect;
pub use sock::receive::{sock_recv, sock_recv_into, sock_recvfrom, sock_recvfrom_into};
pub use sock::send::{sock_sendall, sock_sendto};

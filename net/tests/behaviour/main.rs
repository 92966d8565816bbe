//! What kolo's sockets promise beyond asyncio's own tests: a module for each promise.

#[path = "../peers/mod.rs"]
mod peers;
#[path = "../../../tests/support/mod.rs"]
mod support;

mod connecting;
mod datagrams;
mod exhausted;
mod iterations;
mod names;
mod sendfile;
mod shared_waits;
mod sockets;
mod traits;
mod waiting;

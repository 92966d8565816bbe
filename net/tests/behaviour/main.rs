//! What kolo's sockets promise beyond asyncio's own tests: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod sendfile;
mod shared_waits;
mod sockets;
mod traits;

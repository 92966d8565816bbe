//! Where kolo's streams and servers will be: asyncio's `open_connection` and `start_server`, on the executor's public API.
//!
//! There is nothing here yet. Until then a descriptor can be watched with [`EventLoop::add_reader`] and
//! [`EventLoop::add_writer`], whose callbacks complete promises.
//!
//! [`EventLoop::add_reader`]: kolo_executor::EventLoop::add_reader
//! [`EventLoop::add_writer`]: kolo_executor::EventLoop::add_writer
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

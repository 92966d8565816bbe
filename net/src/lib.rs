//! Where kolo's streams and servers will be: asyncio's `open_connection` and `start_server`, on the executor's public API.
//!
//! There is nothing here yet. Until then any descriptor can be awaited with [`readable`](kolo_executor::readable) and
//! [`writable`](kolo_executor::writable).
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

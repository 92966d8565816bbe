//! kolo: a single-threaded event loop that behaves exactly like CPython's asyncio.
#![forbid(unsafe_code)]

pub use kolo_executor::*;

//! kolo: a single-threaded event loop that behaves exactly like CPython's asyncio.
#![forbid(unsafe_code)]

pub use kolo_executor::*;

/// The blocks of code in the texts, so that they are compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../examples/README.md")]
struct Catalogue;
pub use kolo_sync::*;

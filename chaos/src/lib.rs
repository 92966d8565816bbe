//! What the tests of this package share: numbers from a seed, panics that are meant and those that are not, work on all processors.
//!
//! The tests are in `tests/`: `programs` runs random programs that re-enter the loop from wherever user code runs; `corpus` and `examples`
//! break known programs at each of their awaits; `reads` compares random reads of streams with a plain model.

#![forbid(unsafe_code)]

pub mod breaker;
pub mod numbers;
pub mod panics;
pub mod rest;
pub mod workers;

pub use kolo;

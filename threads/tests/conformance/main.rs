//! The cases of CPython's own tests of asyncio on threads and executors: a module for each file of its suite, a test for each case, under the
//! case's name.
//!
//! Which cases there are, and why some have no test, is in `tests/conformance/cases.tsv` at the root; `tests/conformance.rs` compares.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod base_events;
mod events;
mod threads;

//! The cases of CPython's own tests of asyncio on subprocesses, pipes and signals: a module for each file of its suite, a test for
//! each case, under the case's name.
//!
//! Which cases there are, and why some have no test, is in `tests/conformance/cases.tsv` at the root; `tests/conformance.rs` compares.
#![allow(non_snake_case, reason = "cases like test__read_ready are named after private methods")]

#[path = "../../../tests/support/mod.rs"]
mod support;

mod events;
mod pipe_log;
mod subprocess;
mod unix_events;

//! The cases of CPython's own tests of asyncio: a module for each file of its suite, a test for each case, under the case's name.
//!
//! Which cases there are, and why some have no test, is in `tests/conformance/cases.tsv` at the root; `tests/conformance.rs` compares.

#![allow(non_snake_case, reason = "cases like test__run_once are named after private methods")]

#[path = "../../../tests/support/mod.rs"]
mod support;

mod base_events;
mod context;
mod events;
mod futures;
mod futures2;
mod runners;
mod taskgroups;
mod tasks;
mod timeouts;
mod waitfor;

//! What kolo promises beyond asyncio's own tests: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod bad_input;
mod bursts;
mod context;
mod descriptors;
mod errors;
mod growth;
mod hooks;
mod observer;
mod promises;
mod runs;
mod testing;
mod waits;

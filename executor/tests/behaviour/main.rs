//! What kolo promises beyond asyncio's own tests: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod bad_input;
mod bursts;
mod cancelling;
mod context;
mod descriptors;
mod errors;
mod growth;
mod hooks;
mod hosts;
mod observer;
mod promises;
mod remote;
mod runs;
mod scopes;
mod testing;
mod waits;

//! What kolo's threads promise beyond asyncio's own tests: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod calls;
mod files;
mod pools;

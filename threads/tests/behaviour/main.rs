//! What kolo promises beyond asyncio's own tests of threads and executors: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod calls;
mod pools;

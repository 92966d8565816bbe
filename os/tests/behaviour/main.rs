//! What kolo promises beyond asyncio's own tests of threads, files, pipes, subprocesses and signals: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod calls;
mod files;
mod pipes;
mod pools;
mod signals;
mod subprocess;

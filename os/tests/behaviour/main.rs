//! What kolo promises beyond asyncio's own tests of files, pipes, subprocesses and signals: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod files;
mod pipes;
mod signals;
mod subprocess;

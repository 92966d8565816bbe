//! What kolo promises beyond asyncio's own tests of files, pipes, subprocesses and signals: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod alone;
mod drains;
mod faults;
mod file_ends;
mod file_lines;
mod files;
mod pipes;
mod scratch;
mod signals;
mod stdin;
mod subprocess;

//! Nothing that safe code does with a loop does harm: a module for each way to try.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod depth;
mod drop;
mod foreign;
mod loops;
mod memory;
mod numbers;
mod panics;
mod stderr;
mod teardown;
mod traits;
mod wakers;

//! What the primitives promise beyond asyncio's own tests: a module for each promise.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod contract;
mod deadlock;
mod from_within;
mod growth;
mod hand_over;
mod last_wakes;
mod other_threads;
mod places;
mod priority;

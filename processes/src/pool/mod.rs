//! A pool of processes.

mod crew;
pub(crate) mod executor;
mod job;

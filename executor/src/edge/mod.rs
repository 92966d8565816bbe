//! Running a loop, and what comes from outside.

pub mod attributes;
pub(crate) mod drive;
pub(crate) mod remote;
pub(crate) mod runner;
pub(crate) mod signals;
pub mod testing;

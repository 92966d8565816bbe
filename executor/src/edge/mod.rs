//! Running a loop, and what comes from outside.

pub mod attributes;
pub(crate) mod completer;
pub(crate) mod drive;
pub(crate) mod remote;
pub(crate) mod remote_ref;
pub(crate) mod runner;
pub(crate) mod signals;
pub mod testing;
pub(crate) mod turn;

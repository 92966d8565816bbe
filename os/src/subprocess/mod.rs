//! Other programs: started, spoken to by pipes, waited for.

mod child;
pub(crate) mod create;
mod exit;
mod pipes;
pub(crate) mod process;
pub(crate) mod redirect;
mod signal;

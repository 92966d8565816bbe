//! Files, which block, on threads.

mod buffered;
pub(crate) mod file;
pub(crate) mod form;
pub(crate) mod lines;
mod mode;
pub(crate) mod open;
mod strand;
mod text;

//! The loop: what is queued, who runs, one turn.

pub(crate) mod cancel;
mod close;
pub(crate) mod complete;
pub(crate) mod copies;
pub(crate) mod core;
pub(crate) mod ctrl_c;
pub(crate) mod current;
pub(crate) mod current_context;
pub(crate) mod entry;
pub(crate) mod inbox;
mod observe;
pub(crate) mod part;
pub(crate) mod reactor;
pub(crate) mod registered;
pub(crate) mod report;
pub(crate) mod resource;
mod run;
pub(crate) mod scope;
mod step;
pub(crate) mod tasks;
pub(crate) mod timer;
pub(crate) mod wake;
#[allow(unsafe_code, reason = "a waker is made of raw parts")]
pub(crate) mod waker;

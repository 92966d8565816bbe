//! What users hold.

pub(crate) mod any_promise;
pub(crate) mod any_task;
mod attached;
pub(crate) mod callback_handle;
pub(crate) mod callbacks;
pub(crate) mod descriptors;
pub(crate) mod event_loop;
mod holder;
pub(crate) mod promise;
pub(crate) mod queue_view;
pub(crate) mod source;
pub(crate) mod standstill;
pub(crate) mod task;
pub(crate) mod waits;

//! Where a coroutine stands still.

mod apart;
pub(crate) mod await_promise;
pub(crate) mod body;
pub(crate) mod cancellable;
pub(crate) mod claim;
mod in_berth;
pub(crate) mod parking;
mod polled;
pub(crate) mod readiness;
pub(crate) mod sleep;
pub(crate) mod wait_queue;
pub(crate) mod waiter;

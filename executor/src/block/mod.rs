//! What promises and tasks are made of.

pub(crate) mod callback;
pub(crate) mod coroutine;
pub(crate) mod exception;
pub(crate) mod gather;
pub(crate) mod head;
pub(crate) mod holders;
pub(crate) mod identity;
pub(crate) mod listener;
pub(crate) mod observer;
pub(crate) mod passage;
#[allow(
    unsafe_code,
    reason = "one allocation for a coroutine and its outcome, and thin references to it"
)]
pub(crate) mod raw;
pub(crate) mod stand;
pub(crate) mod task;

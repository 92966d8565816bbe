//! Threads, and what tasks await of them.

pub(crate) mod chain;
pub(crate) mod default;
pub(crate) mod map;
pub(crate) mod offload;
pub(crate) mod pool;

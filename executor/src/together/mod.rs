//! Several at once, and limits for what takes too long.

pub(crate) mod as_completed;
pub(crate) mod ensure;
pub(crate) mod gather;
pub(crate) mod several;
pub(crate) mod shield;
pub(crate) mod task_group;
pub(crate) mod timeout;
pub(crate) mod wait;
pub(crate) mod wait_for;

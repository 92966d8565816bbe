//! Who waits for whom, and what is said of it: on the loop's public view alone.

pub(crate) mod below;
pub(crate) mod deadlock;
pub(crate) mod graph;
pub(crate) mod task_tree;

//! Tests in processes of their own.

use crate::support::child::in_child;

/// Runs the test `name` in a process of its own: a child that another test starts meanwhile has the ends of all pipes for a moment.
#[track_caller]
pub(crate) fn alone(name: &str, body: impl FnOnce()) {
    drop(in_child(name, &[], body));
}

//! What primitives look like.

use std::fmt;

use kolo_executor::primitive::WaitQueue;

/// Writes asyncio's repr of a primitive: its name, its `state`, and how many wait in `queue` if any do.
pub(crate) fn describe(queue: &WaitQueue, f: &mut fmt::Formatter<'_>, state: impl fmt::Display) -> fmt::Result {
    let name = queue.kind().split('.').next().unwrap_or_default();
    match queue.len() {
        0 => write!(f, "<{name} [{state}]>"),
        waiters => write!(f, "<{name} [{state}, waiters:{waiters}]>"),
    }
}

//! What the loop needs to know to act on a Ctrl-C.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;

use crate::block::task::TaskRef;

pub(crate) struct CtrlC {
    /// Set by a Ctrl-C that was not noticed yet.
    pub(crate) unnoticed: &'static AtomicBool,
    /// The task to cancel first; none where the loop runs without a runner.
    pub(crate) main: Option<TaskRef>,
    pub(crate) count: Cell<u32>,
    /// Somebody else handles it for now.
    pub(crate) is_handled: Cell<bool>,
}

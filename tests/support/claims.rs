//! Claims on queues of a test's own.

use kolo_executor::Result;
use kolo_executor::primitive::{Claim, WaitQueue};

/// What nobody ever gets.
pub(crate) struct Never<'a>(pub(crate) &'a WaitQueue);

impl Claim for Never<'_> {
    type Output = ();

    fn queue(&self) -> &WaitQueue {
        self.0
    }
    fn take(&mut self, _woken: bool) -> Option<Result<()>> {
        None
    }
    fn pass_on(&mut self, _woken: bool) {}
}

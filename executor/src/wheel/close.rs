//! The end of a loop.

use crate::block::exception::ExceptionContext;
use crate::ground::numbers::{self, COUNTED};
use crate::ground::stats;
use crate::wheel::core::{Core, Phase};
use crate::wheel::current;
use crate::wheel::inbox;

impl Core {
    /// Closes the loop: drops all that waits to run.
    pub(crate) fn close(&self) {
        if self.phase.replace(Phase::Closed) == Phase::Closed {
            return;
        }
        // From now on other threads are refused, and so are destructors that try their way.
        let letters = self.inbox.close();
        // The tasks go in the order of their creation. What their destructors queue goes with the rest.
        for task in self.all_tasks() {
            if !self.reported_stuck.get() && !task.flags.is_owned_by_run() {
                self.report(ExceptionContext::new("Task was destroyed but it is pending!").with_task(&task));
            }
            self.discard(task);
        }
        self.guard("destructor", || self.ties.cut());
        while !self.ready.is_empty() {
            self.drop_each(self.ready.begin());
        }
        self.drop_each(self.timers.take().into_entries());
        while let Some(registered) = self.reactor.any() {
            let owner = registered.owner();
            for watcher in self.reactor.forget(&registered) {
                self.guard("destructor", || watcher.end());
            }
            if let Some(owner) = owner {
                self.guard("destructor", || owner.loop_is_closed());
            }
        }
        self.drop_each(letters);
        self.drop_each(self.deposits.take());
        self.drop_each(self.at_close.take());
        self.queues.all().iter().for_each(|queue| queue.loop_is_closed());
        self.guard("destructor", || self.set_on_wake(None));
        inbox::unregister(self.inbox_id, self.copies.take());
        stats::count(self.iterations.get());
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close();
        if self.id >= COUNTED {
            numbers::give_back(self.id);
        }
        current::unregister();
    }
}

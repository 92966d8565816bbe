//! Deadlock, proved and explained: nothing can ever run again.

use crate::core::Core;
use crate::error::{Error, Kind, Result};
use crate::graph::{Graph, Line, Node, Wait, held};
use crate::promise::AnyPromise;

impl Core {
    /// Called when the loop would wait for ever.
    ///
    /// # Errors
    /// Deadlock, when it is certain that nothing could end the wait: no timer, no watched descriptor, no handle of another thread, and
    /// every task is parked on something of kolo's, which only this thread can complete.
    pub(crate) fn prove_deadlock(&self) -> Result<()> {
        if !self.proves_deadlock.get() || !self.is_idle_for_ever() {
            return Ok(());
        }
        let any_may_go_on = self.tasks.borrow().all().iter().any(|task| task.may_be_woken_by_others());
        if any_may_go_on {
            return Ok(());
        }
        self.reported_stuck.set(true);
        Err(Error::new(Kind::Deadlock, Graph::of(self).explain()))
    }
}

impl Graph {
    /// Every task and what it waits for, then the circles.
    fn explain(&self) -> String {
        let mut lines = vec![match self.nodes.len() {
            0 => "nothing can ever run again, and no task is left".to_owned(),
            1 => "nothing can ever run again: 1 task is stuck".to_owned(),
            stuck => format!("nothing can ever run again: {stuck} tasks are stuck"),
        }];
        for node in &self.nodes {
            lines.push(format!("  {}, created at {}", node.task.name(), Line(node.task.created_at)));
            lines.push(format!("    {}", self.sentence(node)));
            lines.extend(self.who_could_end_it(node).map(|line| format!("    {line}")));
        }
        for cycle in self.cycles() {
            let names = cycle.iter().chain(cycle.first()).map(|&index| self.nodes[index].task.name());
            lines.push(format!("  cycle: {}", names.collect::<Vec<_>>().join(" waits for ")));
        }
        lines.join("\n")
    }

    /// More about what the task waits for, if it is no task.
    fn who_could_end_it(&self, node: &Node) -> Option<String> {
        match &node.wait {
            Wait::Resource(resource) => {
                let held = held(&**resource);
                let waiting = resource.waiters().iter().filter(|waiter| !waiter.is_done()).count();
                let orphaned = held.is_empty() && resource.handles().is_some_and(|handles| handles <= waiting);
                Some(format!("{resource:?}{held}{}", if orphaned { ORPHANED } else { "" }))
            }
            Wait::Promise(promise) => self.is_orphaned(promise).then(|| format!("{promise:?}{ORPHANED}")),
            _ => None,
        }
    }

    /// Whether nobody has a handle of the promise but the tasks that wait for it.
    fn is_orphaned(&self, promise: &AnyPromise) -> bool {
        let waits = |node: &&Node| matches!(&node.wait, Wait::Promise(other) if other.ptr_eq(promise));
        let waiting = self.nodes.iter().filter(waits).count();
        // Each of them has it twice, in its coroutine and as what it waits for, and so has this graph.
        promise.0.head().refs.get() as usize <= 3 * waiting
    }
}

const ORPHANED: &str = ", an orphan: no other handle of it exists";

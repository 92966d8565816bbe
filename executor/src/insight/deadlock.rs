//! Deadlock, proved and explained: nothing can ever run again.

use std::collections::HashMap;

use crate::ground::error::{Error, Kind, Result};
use crate::ground::line::Line;
use crate::insight::graph::{Graph, Node, Resource, Wait, held};
use crate::wheel::core::EventLoop;

/// Called when the loop would wait for ever.
///
/// # Errors
/// Deadlock, when it is certain that nothing could end the wait: no timer, no watched descriptor, no handle of another thread, and every task
/// is parked on something of kolo's, which only this thread can complete.
pub(crate) fn prove(event_loop: &EventLoop) -> Result<()> {
    if !event_loop.is_at_a_standstill() {
        return Ok(());
    }
    event_loop.report_stuck();
    Err(Error::new(Kind::Deadlock, Graph::of(event_loop).explain()))
}

impl Graph {
    /// Every task and what it waits for, then the circles.
    fn explain(&self) -> String {
        let mut lines = vec![match self.nodes.len() {
            0 => "nothing can ever run again, and no task is left".to_owned(),
            1 => "nothing can ever run again: 1 task is stuck".to_owned(),
            stuck => format!("nothing can ever run again: {stuck} tasks are stuck"),
        }];
        let mut awaited: HashMap<usize, usize> = HashMap::new();
        for promise in self.nodes.iter().filter_map(Node::promise) {
            *awaited.entry(promise.id()).or_default() += 1;
        }
        for node in &self.nodes {
            lines.push(format!("  {}, created at {}", node.task.name(), Line(node.task.created_at())));
            lines.push(format!("    {}", self.sentence(node)));
            lines.extend(self.who_could_end_it(node, &awaited).map(|line| format!("    {line}")));
        }
        for cycle in self.cycles() {
            let names = cycle.iter().chain(cycle.first()).map(|&index| self.nodes[index].task.name());
            lines.push(format!("  cycle: {}", names.collect::<Vec<_>>().join(" waits for ")));
        }
        lines.join("\n")
    }

    /// More about what the task waits for, if it is no task. `awaited`: how many tasks wait for each promise, by its address.
    fn who_could_end_it(&self, node: &Node, awaited: &HashMap<usize, usize>) -> Option<String> {
        if let Wait::Resource(queue) = node.wait {
            let Resource { queue, waiting } = &self.queues[queue];
            let held = held(queue);
            let orphaned = held.is_empty() && queue.handles().is_some_and(|handles| handles <= *waiting);
            return Some(format!("{queue:?}{held}{}", if orphaned { ORPHANED } else { "" }));
        }
        let promise = node.promise()?;
        // Each waiting task has it twice, in its coroutine and as what it waits for, and so has this graph.
        let of_waiting = 3 * awaited[&promise.id()];
        (promise.handles() <= of_waiting).then(|| format!("{promise:?}{ORPHANED}"))
    }
}

const ORPHANED: &str = ", an orphan: no other handle of it exists";

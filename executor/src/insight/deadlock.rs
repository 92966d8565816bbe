//! Deadlock, proved and explained: nothing can ever run again.

use std::collections::HashMap;

use crate::ground::error::{Error, Kind, Result};
use crate::ground::line::Line;
use crate::ground::stderr;
use crate::handle::standstill::Standstill;
use crate::insight::graph::{Graph, Node, Wait, held};
use crate::wheel::core::EventLoop;

/// Called when the loop would wait for ever.
///
/// # Errors
/// Deadlock, when it is certain that nothing could end the wait: no timer, no watched descriptor, no handle of another thread, and every task
/// is parked on something of kolo's, which only this thread can complete.
pub(crate) fn prove(event_loop: &EventLoop) -> Result<()> {
    match event_loop.standstill() {
        Standstill::Proved => {
            event_loop.report_stuck();
            Err(Error::new(Kind::Deadlock, Graph::of(event_loop).explain()).without_place())
        }
        Standstill::NotProved => {
            if event_loop.reports_doubt() {
                stderr::say(Graph::of(event_loop).explain_doubt());
            }
            Ok(())
        }
        Standstill::None => Ok(()),
    }
}

impl Graph {
    /// Every task and what it waits for, then the circles.
    fn explain(&self) -> String {
        self.explain_under(match self.nodes.len() {
            0 => "nothing can ever run again, and no task is left".to_owned(),
            1 => "nothing can ever run again: 1 task is stuck".to_owned(),
            stuck => format!("nothing can ever run again: {stuck} tasks are stuck"),
        })
    }

    /// The same, where it may be that something wakes some of them.
    fn explain_doubt(&self) -> String {
        let outside = |node: &&Node| node.task.may_be_woken_from_outside();
        let names: Vec<String> = self.nodes.iter().filter(outside).map(|node| node.task.name()).collect();
        self.explain_under(format!(
            "nothing runs, and no time will change that; it is not proved to be a deadlock, because something that is not of kolo may wake {}",
            names.join(", ")
        ))
    }

    fn explain_under(&self, heading: String) -> String {
        let mut lines = vec![heading];
        let counts = Counts::of(self);
        for node in &self.nodes {
            lines.push(format!("  {}, created at {}", node.task.name(), Line(node.task.created_at())));
            lines.push(format!("    {}", self.sentence(node)));
            lines.extend(self.who_could_end_it(node, &counts).map(|line| format!("    {line}")));
        }
        for cycle in self.cycles() {
            let names = cycle.iter().chain(cycle.first()).map(|&index| self.nodes[index].task.name());
            lines.push(format!("  cycle: {}", names.collect::<Vec<_>>().join(" waits for ")));
        }
        lines.join("\n")
    }

    /// More about what the task waits for, if it is no task.
    fn who_could_end_it(&self, node: &Node, counts: &Counts) -> Option<String> {
        if let Wait::Resource(index) = node.wait {
            let queue = &self.queues[index];
            let held = held(queue);
            let orphaned = held.is_empty() && queue.handles().is_some_and(|handles| handles <= counts.in_queues[index]);
            return Some(format!("{queue:?}{held}{}", if orphaned { ORPHANED } else { "" }));
        }
        let promise = node.promise()?;
        // Each waiting task has it twice, in its coroutine and as what it waits for, and so has this graph.
        let of_waiting = 3 * counts.awaiting[&promise.id()];
        (promise.handles() <= of_waiting).then(|| format!("{promise:?}{ORPHANED}"))
    }
}

/// How many wait.
struct Counts {
    /// For each promise, by its address.
    awaiting: HashMap<usize, usize>,
    in_queues: Vec<usize>,
}

impl Counts {
    fn of(graph: &Graph) -> Counts {
        let mut awaiting: HashMap<usize, usize> = HashMap::new();
        for promise in graph.nodes.iter().filter_map(Node::promise) {
            *awaiting.entry(promise.id()).or_default() += 1;
        }
        Counts {
            awaiting,
            in_queues: graph.queues.iter().map(|queue| queue.waiting().len()).collect(),
        }
    }
}

const ORPHANED: &str = ", an orphan: no other handle of it exists";

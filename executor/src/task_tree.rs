//! The tree of tasks, and the stack of one task, as texts.

use std::collections::HashSet;

use crate::graph::{Graph, Node, Wait, held};
use crate::task::TaskRef;

/// Deeper than this nothing is indented further.
const DEEPEST: usize = 40;

impl Graph {
    /// All tasks, those for which nobody waits at the left; see [`EventLoop::task_tree`](crate::EventLoop::task_tree).
    pub(crate) fn tree(&self) -> String {
        let awaited: HashSet<usize> = self.nodes.iter().flat_map(|node| node.on.iter().copied()).collect();
        let roots = (0..self.nodes.len()).filter(|index| !awaited.contains(index));
        let mut text = String::new();
        let mut seen = HashSet::new();
        // After the roots come those that only wait for each other in circles.
        for index in roots.chain(0..self.nodes.len()) {
            self.write_tree(index, 0, &mut seen, &mut text);
        }
        text
    }

    /// What the task does and, indented, what those do for which it waits. Nothing if it is done.
    pub(crate) fn below(&self, task: &TaskRef) -> String {
        let Some(index) = self.index_of(task) else {
            return String::new();
        };
        let node = &self.nodes[index];
        let mut text = format!("\n  {}\n", self.line(node));
        let mut seen = HashSet::from([index]);
        for &on in &node.on {
            self.write_tree(on, 2, &mut seen, &mut text);
        }
        text.trim_end().to_owned()
    }

    /// The task at `index` and those for which it waits, each on a line, indented by their distance; each task once.
    fn write_tree(&self, index: usize, depth: usize, seen: &mut HashSet<usize>, text: &mut String) {
        // Not recursive: tasks may wait for each other in a chain that is longer than the stack.
        let mut left = vec![(index, depth)];
        while let Some((index, depth)) = left.pop() {
            if seen.insert(index) {
                let node = &self.nodes[index];
                let indent = "  ".repeat(depth.min(DEEPEST));
                text.push_str(&format!("{indent}{} {}\n", node.task.name(), self.line(node)));
                left.extend(node.on.iter().rev().map(|&on| (on, depth + 1)));
            }
        }
    }

    /// What the task does, and who holds what it waits for.
    fn line(&self, node: &Node) -> String {
        let sentence = self.sentence(node);
        match &node.wait {
            Wait::Resource(queue) => sentence + &held(&self.queues[*queue].resource),
            _ => sentence,
        }
    }
}

//! The tree of tasks, and the stack of one task, as texts.

use std::collections::HashSet;

use crate::block::task::AnyTask;
use crate::ground::stderr;
use crate::handle::task::Task;
use crate::insight::graph::{Graph, Node, Wait, held};
use crate::wheel::core::EventLoop;

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
    fn stack_of(&self, task: &AnyTask) -> String {
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
            Wait::Resource(queue) => sentence + &held(&self.queues[*queue]),
            _ => sentence,
        }
    }
}

impl EventLoop {
    /// Who waits for whom: each unfinished task once, on a line of its own, below a task that waits for it and indented by two spaces
    /// more. At the left stand those for which nobody waits, in the order of their creation, then those that wait only for each other.
    ///
    /// ```
    /// use kolo::{create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let child = create_task(sleep(1));
    ///     let parent = create_task(async move { child.await });
    ///     sleep(0).await?;
    ///     // Task-1 is running
    ///     // Task-3 waits for Task-2 at src/main.rs:6
    ///     //   Task-2 waits at src/main.rs:5
    ///     println!("{}", running_loop().task_tree());
    ///     parent.await
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias("print_call_graph", "format_call_graph"))]
    #[must_use = "it is a text, and prints nothing"]
    pub fn task_tree(&self) -> String {
        Graph::of(self).tree()
    }
}

impl<T: 'static> Task<T> {
    /// Where the task stands and for what it waits there, then the same of each task for which it waits, indented. Mirrors
    /// `Task.get_stack`; what is shown of the stack is the innermost await, and of several that a foreign combinator has begun the last. Other
    /// tasks do not make it take longer, but for waits in other queues, groups and the like.
    ///
    /// ```
    /// use kolo::{Event, create_task, run, sleep};
    ///
    /// run(async {
    ///     let door = Event::new();
    ///     let visitor = create_task(async move { door.wait().await });
    ///     sleep(0).await?;
    ///     assert!(visitor.stack().contains("waits for Event.wait at "));
    ///     visitor.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias("get_stack", "capture_call_graph"))]
    #[must_use = "it is a text; `print_stack` prints it"]
    pub fn stack(&self) -> String {
        self.as_any_task().stack()
    }

    /// Prints [`stack`](Task::stack) to standard error. Mirrors `Task.print_stack`.
    ///
    /// ```
    /// use kolo::{create_task, run, sleep};
    ///
    /// run(async {
    ///     let task = create_task(sleep(1));
    ///     sleep(0).await?;
    ///     task.print_stack(); // <Task pending name='Task-2' ... waiting for ... at src/main.rs:4>
    ///     task.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn print_stack(&self) {
        self.as_any_task().print_stack();
    }
}

impl AnyTask {
    /// See [`Task::stack`].
    #[doc(alias = "get_stack")]
    #[must_use = "it is a text; `print_stack` prints it"]
    pub fn stack(&self) -> String {
        let text = format!("{self:?}");
        match self.event_loop() {
            Ok(event_loop) => text + &Graph::below(&event_loop, self).stack_of(self),
            Err(_) => text,
        }
    }

    /// See [`Task::print_stack`].
    pub fn print_stack(&self) {
        stderr::say(self.stack());
    }
}

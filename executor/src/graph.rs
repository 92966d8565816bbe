//! Who waits for whom: what deadlock reports, the tree of tasks and the stack of a task are made of.
//!
//! Nothing is kept for it. A task knows where it stands and on which promise; a promise knows its callbacks, and through them who is
//! told of it; a primitive knows who waits in its queues, and who holds it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use crate::core::Core;
use crate::listener::Awaiter;
use crate::promise::{AnyPromise, Callback};
use crate::resource::{Holder, Resource};
use crate::task::raw::Ref;
use crate::task::{AnyTask, TaskRef};

/// The unfinished tasks of a loop, in the order of their creation.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    index_of: HashMap<usize, usize>,
}

/// A task, and the tasks of which one could end its wait, by their index.
pub(crate) struct Node {
    pub(crate) task: TaskRef,
    pub(crate) wait: Wait,
    pub(crate) on: Vec<usize>,
}

/// What a task waits for.
pub(crate) enum Wait {
    /// Nothing: it runs.
    Running,
    /// Nothing: it stands in the ready queue.
    Ready,
    /// A future that is not of kolo.
    Foreign,
    /// Other tasks, by itself or through a gather, a task group ...
    Tasks,
    /// A promise that is no task.
    Promise(AnyPromise),
    /// Its turn in a queue of a primitive.
    Resource(Rc<dyn Resource>),
    /// Something that has no more to tell, such as a sleep.
    Other,
}

impl Graph {
    pub(crate) fn of(core: &Core) -> Graph {
        let tasks = core.tasks.borrow().all();
        let index_of = tasks.iter().enumerate().map(|(index, task)| (task.erased().address(), index));
        let mut graph = Graph {
            index_of: index_of.collect(),
            nodes: tasks.into_iter().map(Node::new).collect(),
        };
        graph.look_into_queues(core);
        graph.look_at_callbacks();
        graph
    }

    pub(crate) fn index_of(&self, task: &TaskRef) -> Option<usize> {
        self.index_of.get(&task.erased().address()).copied()
    }

    /// Who stands in the queues of primitives waits for those that hold them.
    fn look_into_queues(&mut self, core: &Core) {
        for resource in core.resources.all() {
            let holders = resource.holders();
            let holders: Vec<AnyTask> = holders.iter().filter_map(Holder::task).collect();
            let holders: Vec<usize> = holders.iter().filter_map(|task| self.index_of(&task.head())).collect();
            for waiter in resource.waiters().iter().filter(|waiter| !waiter.is_done()) {
                let waiting = waiter.task().and_then(|task| self.index_of(&task.head()));
                if let Some(node) = waiting.map(|index| &mut self.nodes[index]) {
                    node.wait = Wait::Resource(resource.clone());
                    holders.iter().for_each(|&holder| node.add(holder));
                }
            }
        }
    }

    /// Who is told of a task's end waits for the task.
    fn look_at_callbacks(&mut self) {
        for index in 0..self.nodes.len() {
            for awaiter in awaiters(self.nodes[index].task.erased()) {
                let waiting = self.index_of(&awaiter);
                if let Some(node) = waiting.map(|index| &mut self.nodes[index])
                    && matches!(node.wait, Wait::Tasks | Wait::Promise(_) | Wait::Other)
                {
                    node.wait = Wait::Tasks;
                    node.add(index);
                }
            }
        }
    }

    /// The shortest circle of tasks that wait for each other, from each task that is in none of those before.
    pub(crate) fn cycles(&self) -> Vec<Vec<usize>> {
        let mut cycles: Vec<Vec<usize>> = Vec::new();
        for start in 0..self.nodes.len() {
            if !cycles.iter().any(|cycle| cycle.contains(&start)) {
                cycles.extend(self.cycle_from(start));
            }
        }
        cycles
    }

    fn cycle_from(&self, start: usize) -> Option<Vec<usize>> {
        let mut came_from = HashMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(index) = next.pop_front() {
            for &on in &self.nodes[index].on {
                if on == start {
                    let mut path = vec![index];
                    while let Some(&before) = came_from.get(&path[path.len() - 1]) {
                        path.push(before);
                    }
                    path.reverse();
                    return Some(path);
                }
                if let Entry::Vacant(new) = came_from.entry(on) {
                    new.insert(index);
                    next.push_back(on);
                }
            }
        }
        None
    }

    /// `Task-2, Task-3`.
    fn names(&self, nodes: &[usize]) -> String {
        let names: Vec<String> = nodes.iter().map(|&index| self.nodes[index].task.name()).collect();
        names.join(", ")
    }

    /// What the task of a node does, on one line.
    pub(crate) fn sentence(&self, node: &Node) -> String {
        let what = match &node.wait {
            Wait::Running => return "is running".into(),
            Wait::Ready => return "will run in the next iteration".into(),
            Wait::Foreign => return "waits for something that is not of kolo".into(),
            Wait::Tasks => format!(" for {}", self.names(&node.on)),
            Wait::Promise(promise) => format!(" for {promise:?}"),
            Wait::Resource(resource) => format!(" for {}", resource.kind()),
            Wait::Other => String::new(),
        };
        match node.task.parked() {
            Some(parked) => format!("waits{what} at {}", Line(parked.place)),
            None => format!("waits{what}"),
        }
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

    /// [`sentence`](Graph::sentence), and who holds what the task waits for.
    fn line(&self, node: &Node) -> String {
        let sentence = self.sentence(node);
        match &node.wait {
            Wait::Resource(resource) => sentence + &held(&**resource),
            _ => sentence,
        }
    }

    /// The task at `index` and those for which it waits, each on a line, indented by their distance; each task once.
    fn write_tree(&self, index: usize, depth: usize, seen: &mut HashSet<usize>, text: &mut String) {
        if !seen.insert(index) {
            return;
        }
        let node = &self.nodes[index];
        let indent = "  ".repeat(depth);
        text.push_str(&format!("{indent}{} {}\n", node.task.name(), self.line(node)));
        for &on in &node.on {
            self.write_tree(on, depth + 1, seen, text);
        }
    }

    /// All tasks, those for which nobody waits at the left.
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
}

impl Node {
    fn new(task: TaskRef) -> Node {
        let promise = || task.waiting_on().map(AnyPromise);
        let wait = if task.is_running() {
            Wait::Running
        } else if task.is_queued() {
            Wait::Ready
        } else if task.is_on_foreign_future() {
            Wait::Foreign
        } else {
            promise().map_or(Wait::Other, Wait::Promise)
        };
        Node {
            task,
            wait,
            on: Vec::new(),
        }
    }

    fn add(&mut self, on: usize) {
        if !self.on.contains(&on) {
            self.on.push(on);
        }
    }
}

/// The tasks that go on when `promise` is done, by themselves or because of something that waits for it.
pub(crate) fn awaiters(promise: &Ref) -> Vec<TaskRef> {
    let mut found = Vec::new();
    promise.head().look_at_callbacks(|callback| match callback {
        Callback::Step(task) => found.push(task.clone()),
        Callback::Notify(listener, _) => match listener.awaiter() {
            Some(Awaiter::Waiter(waiter)) => found.extend(waiter.task().map(|task| task.head())),
            Some(Awaiter::Promise(outer)) => found.extend(awaiters(&outer.0)),
            None => {}
        },
        Callback::Wake(_) | Callback::Call(_) => {}
    });
    found
}

/// `, held since src/main.rs:7 by Task-2`, or nothing.
pub(crate) fn held(resource: &dyn Resource) -> String {
    let holders: Vec<String> = resource
        .holders()
        .iter()
        .map(|holder| format!("since {} by {holder:?}", Line(holder.since())))
        .collect();
    match &holders[..] {
        [] => String::new(),
        holders => format!(", held {}", holders.join(" and ")),
    }
}

/// A place in the source without the column, which helps nobody to find an await.
pub(crate) struct Line(pub(crate) &'static Location<'static>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.file(), self.0.line())
    }
}

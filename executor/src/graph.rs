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
use crate::holders::Holder;
use crate::listener::Awaiter;
use crate::promise::{AnyPromise, Callback};
use crate::task::raw::Ref;
use crate::task::{AnyTask, TaskRef};
use crate::wait_queue::Shared;

/// The unfinished tasks of a loop, in the order of their creation.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) queues: Vec<Queue>,
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
    /// Its turn in a queue of a primitive, by the index of the queue.
    Resource(usize),
    /// Something that has no more to tell, such as a sleep.
    Other,
}

/// A queue of a primitive.
pub(crate) struct Queue {
    pub(crate) resource: Rc<Shared>,
    /// How many wait in it.
    pub(crate) waiting: usize,
}

impl Graph {
    pub(crate) fn of(core: &Core) -> Graph {
        let tasks = core.tasks.borrow().all();
        let index_of = tasks.iter().enumerate().map(|(index, task)| (task.erased().address(), index));
        let mut graph = Graph {
            index_of: index_of.collect(),
            nodes: tasks.into_iter().map(Node::new).collect(),
            queues: Vec::new(),
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
        for resource in core.wait_queues.all() {
            let holders = resource.holders();
            let holders: Vec<AnyTask> = holders.iter().filter_map(Holder::task).collect();
            let mut holders: Vec<usize> = holders.iter().filter_map(|task| self.index_of(&task.head())).collect();
            holders.sort_unstable();
            holders.dedup();
            let mut waiting = 0;
            for waiter in resource.waiters().iter().filter(|waiter| !waiter.is_done()) {
                waiting += 1;
                let index = waiter.task().and_then(|task| self.index_of(&task.head()));
                if let Some(node) = index.map(|index| &mut self.nodes[index]) {
                    node.wait = Wait::Resource(self.queues.len());
                    node.on.clone_from(&holders);
                }
            }
            self.queues.push(Queue { resource, waiting });
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
                    if node.on.last() != Some(&index) {
                        node.on.push(index);
                    }
                }
            }
        }
    }

    /// Circles of tasks that wait for each other, each task in one of them at the most.
    pub(crate) fn cycles(&self) -> Vec<Vec<usize>> {
        let mut cycles = Vec::new();
        let mut known = HashSet::new();
        // Thousands of tasks that wait for thousands would be searched for longer than anybody waits for a report.
        let mut effort = 1_000_000;
        for start in 0..self.nodes.len() {
            if let Some(cycle) = self.cycle_from(start, &known, &mut effort) {
                known.extend(cycle.iter().copied());
                cycles.push(cycle);
            }
        }
        cycles
    }

    /// The shortest circle from a task back to it that goes through none of the `known`.
    fn cycle_from(&self, start: usize, known: &HashSet<usize>, effort: &mut usize) -> Option<Vec<usize>> {
        let mut came_from = HashMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(index) = next.pop_front() {
            for &on in self.nodes[index].on.iter().filter(|on| !known.contains(on)) {
                *effort = effort.checked_sub(1)?;
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

    /// `Task-2, Task-3`; the first few of many.
    fn names(&self, nodes: &[usize]) -> String {
        const SHOWN: usize = 10;
        let names: Vec<String> = nodes.iter().take(SHOWN).map(|&index| self.nodes[index].task.name()).collect();
        match nodes.len().saturating_sub(SHOWN) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }

    /// What the task of a node does, on one line.
    pub(crate) fn sentence(&self, node: &Node) -> String {
        let what = match &node.wait {
            Wait::Running => return "is running".into(),
            Wait::Ready => return "will run in the next iteration".into(),
            Wait::Foreign => return "waits for something that is not of kolo".into(),
            Wait::Tasks => format!(" for {}", self.names(&node.on)),
            Wait::Promise(promise) => format!(" for {promise:?}"),
            Wait::Resource(queue) => format!(" for {}", self.queues[*queue].resource.kind()),
            Wait::Other => String::new(),
        };
        match node.task.parked() {
            Some(parked) => format!("waits{what} at {}", Line(parked.place)),
            None => format!("waits{what}"),
        }
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

    /// The promise that it waits for, if it is no task.
    pub(crate) fn promise(&self) -> Option<&AnyPromise> {
        match &self.wait {
            Wait::Promise(promise) => Some(promise),
            _ => None,
        }
    }
}

/// The tasks that go on when `promise` is done, by themselves or because of something that waits for it.
pub(crate) fn awaiters(promise: &Ref) -> Vec<TaskRef> {
    let mut found = Vec::new();
    // Gathers of shields of gathers: one after the other, because they may be nested more deeply than the stack is.
    let mut promises = VecDeque::from([promise.clone()]);
    while let Some(promise) = promises.pop_front() {
        promise.head().look_at_callbacks(|callback| match callback {
            Callback::Step(task) => found.push(task.clone()),
            Callback::Notify(listener, _) => match listener.awaiter() {
                Some(Awaiter::Waiter(waiter)) => found.extend(waiter.task().map(|task| task.head())),
                Some(Awaiter::Promise(outer)) => promises.push_back(outer.0),
                None => {}
            },
            Callback::Wake(_) | Callback::Call(_) => {}
        });
    }
    found
}

/// `, held since src/main.rs:7 by Task-2`, or nothing.
pub(crate) fn held(resource: &Shared) -> String {
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

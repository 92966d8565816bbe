//! Who waits for whom: what deadlock reports, the tree of tasks and the stack of a task are made of.
//!
//! Nothing is kept for it. A task knows where it stands and on which promise; a promise knows its callbacks, and through them who is
//! told of it; a primitive knows who waits in its queues, and who holds it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use crate::block::head::AnyPromise;
use crate::block::holders::Holder;
use crate::block::task::AnyTask;
use crate::ground::line::Line;
use crate::handle::queue_view::QueueView;
use crate::handle::waits::Waits;
use crate::wheel::core::EventLoop;

/// The unfinished tasks of a loop, in the order of their creation.
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) queues: Vec<QueueView>,
    pub(super) index_of: HashMap<usize, usize>,
}

/// A task, and the tasks of which one could end its wait, by their index.
pub(crate) struct Node {
    pub(crate) task: AnyTask,
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

impl Graph {
    pub(crate) fn of(event_loop: &EventLoop) -> Graph {
        let tasks = event_loop.all_tasks();
        let index_of = tasks.iter().enumerate().map(|(index, task)| (task.id(), index));
        let mut graph = Graph {
            index_of: index_of.collect(),
            nodes: tasks.into_iter().map(Node::new).collect(),
            queues: Vec::new(),
        };
        graph.look_into_queues(event_loop);
        graph.look_at_callbacks();
        graph
    }

    pub(crate) fn index_of(&self, task: &AnyTask) -> Option<usize> {
        self.index_of.get(&task.id()).copied()
    }

    /// Who stands in the queues of primitives waits for those that hold them.
    fn look_into_queues(&mut self, event_loop: &EventLoop) {
        for queue in event_loop.queues() {
            let holders = queue.holders();
            let holders = holders.iter().filter_map(Holder::task);
            let mut holders: Vec<usize> = holders.filter_map(|task| self.index_of(&task)).collect();
            holders.sort_unstable();
            holders.dedup();
            for task in queue.waiting().iter().flatten() {
                if let Some(index) = self.index_of(task) {
                    self.nodes[index].wait = Wait::Resource(self.queues.len());
                    self.nodes[index].on.clone_from(&holders);
                }
            }
            self.queues.push(queue);
        }
    }

    /// Who is told of a task's end waits for the task.
    fn look_at_callbacks(&mut self) {
        let told_of = self.who_is_told();
        for node in &mut self.nodes {
            if !matches!(node.wait, Wait::Tasks | Wait::Promise(_) | Wait::Other) {
                continue;
            }
            // By the task itself, or through gathers and the like, each of which is looked at once.
            let mut seen = HashSet::new();
            let mut left = vec![node.task.id()];
            while let Some(id) = left.pop() {
                for &below in told_of.get(&id).into_iter().flatten().filter(|below| seen.insert(**below)) {
                    match self.index_of.get(&below) {
                        Some(&index) => node.on.push(index),
                        None => left.push(below),
                    }
                }
            }
            if !node.on.is_empty() {
                node.wait = Wait::Tasks;
                node.on.sort_unstable();
            }
        }
    }

    /// Of whom every task, gather, shield and the like is told, as far as it leads down to tasks: all by their addresses.
    fn who_is_told(&self) -> HashMap<usize, Vec<usize>> {
        let mut told_of: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut left: Vec<AnyPromise> = self.nodes.iter().map(|node| AnyPromise::clone(&node.task)).collect();
        while let Some(promise) = left.pop() {
            for told in promise.awaited_by() {
                let of = told_of.entry(told.id()).or_default();
                if of.is_empty() && told.as_task().is_none() {
                    left.push(told);
                }
                of.push(promise.id());
            }
        }
        told_of
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
            Wait::Resource(queue) => format!(" for {}", self.queues[*queue].kind()),
            Wait::Other => String::new(),
        };
        match node.task.parked_at() {
            Some(site) => format!("waits{what} at {}", Line(site)),
            None => format!("waits{what}"),
        }
    }
}

impl Node {
    pub(super) fn new(task: AnyTask) -> Node {
        let wait = match task.waits() {
            Waits::Running => Wait::Running,
            Waits::Ready => Wait::Ready,
            Waits::Foreign => Wait::Foreign,
            Waits::For(promise) => Wait::Promise(promise),
            Waits::Parked | Waits::Done => Wait::Other,
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

/// `, held since src/main.rs:7 by Task-2`, or nothing.
pub(crate) fn held(queue: &QueueView) -> String {
    let holders: Vec<String> = queue
        .holders()
        .iter()
        .map(|holder| format!("since {} by {holder:?}", Line(holder.since())))
        .collect();
    match &holders[..] {
        [] => String::new(),
        holders => format!(", held {}", holders.join(" and ")),
    }
}

//! The part of the graph that is below one task: for whom it waits, for whom those wait, and so on. Where all of it would be built from what tells
//! whom, this is followed from who waits to what for, and so takes no longer when there are other tasks.

use std::collections::{HashMap, HashSet};

use crate::block::head::AnyPromise;
use crate::block::holders::Holder;
use crate::block::listener::Listener;
use crate::block::task::AnyTask;
use crate::insight::graph::{Graph, Node, Wait};
use crate::wheel::core::EventLoop;

impl Graph {
    /// The nodes of the task and of those below it; none if it is done.
    pub(crate) fn below(event_loop: &EventLoop, task: &AnyTask) -> Graph {
        let mut graph = Graph {
            nodes: Vec::new(),
            queues: Vec::new(),
            index_of: HashMap::new(),
        };
        let below = Below {
            event_loop,
            tellers: event_loop.tellers(),
        };
        if !task.done() {
            graph.add(task.clone());
        }
        let mut next = 0;
        while next < graph.nodes.len() {
            graph.look_below(next, &below);
            next += 1;
        }
        graph
    }

    /// The index of a task, which is new or known.
    fn add(&mut self, task: AnyTask) -> usize {
        if let Some(known) = self.index_of(&task) {
            return known;
        }
        let index = self.nodes.len();
        self.index_of.insert(task.id(), index);
        self.nodes.push(Node::new(task));
        index
    }

    fn look_below(&mut self, index: usize, below: &Below<'_>) {
        let node = &self.nodes[index];
        let mut on;
        let mut wait = None;
        if let Some(queue) = below.event_loop.queue_of(&node.task) {
            on = queue
                .holders()
                .iter()
                .filter_map(Holder::task)
                .filter(|task| below.is_node(task))
                .collect();
            wait = Some(Wait::Resource(self.queues.len()));
            self.queues.push(queue);
        } else {
            let promise = match &node.wait {
                Wait::Promise(promise) => Some(promise.clone()),
                Wait::Other => None,
                _ => return,
            };
            on = below.tasks_below(promise.into_iter().chain(below.told_to(&node.task)));
            if !on.is_empty() {
                wait = Some(Wait::Tasks);
            }
        }
        on.sort_by_key(|task: &AnyTask| task.head().birth());
        on.dedup();
        self.nodes[index].on = on.into_iter().map(|task| self.add(task)).collect();
        if let Some(wait) = wait {
            self.nodes[index].wait = wait;
        }
    }
}

/// What is asked for each task.
struct Below<'a> {
    event_loop: &'a EventLoop,
    tellers: HashMap<usize, Vec<Listener>>,
}

impl Below<'_> {
    /// Whether it is one of the loop's unfinished tasks.
    fn is_node(&self, task: &AnyTask) -> bool {
        !task.done() && task.event_loop().is_ok_and(|event_loop| event_loop == *self.event_loop)
    }

    /// Of what waits and groups are told that have this one go on.
    fn told_to(&self, awaiter: &AnyPromise) -> Vec<AnyPromise> {
        let tellers = self.tellers.get(&awaiter.id());
        tellers.into_iter().flatten().flat_map(Listener::told_of).collect()
    }

    /// The tasks that these are, or for which they wait through gathers and the like, each of which is looked at once.
    fn tasks_below(&self, promises: impl IntoIterator<Item = AnyPromise>) -> Vec<AnyTask> {
        let mut found = Vec::new();
        let mut left: Vec<AnyPromise> = promises.into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(promise) = left.pop() {
            if promise.done() || !seen.insert(promise.id()) {
                continue;
            }
            match promise.as_task() {
                Some(task) if self.is_node(&task) => found.push(task),
                Some(_) => {}
                None => {
                    left.extend(promise.waits_for());
                    left.extend(self.told_to(&promise));
                }
            }
        }
        found
    }
}

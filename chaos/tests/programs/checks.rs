//! What must be true of every program, whatever it does.

use kolo::{AnyTask, EventLoop};

use crate::world::{Primitives, World};

/// The number behind `word` in what a primitive shows of itself, such as `waiters:2`.
fn number_after(text: &str, word: &str) -> usize {
    let digits = text.split_once(word).map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

impl Primitives {
    /// Everybody who stands in a queue, by what the queue is for.
    fn waiters(&self) -> [(&'static str, usize, bool); 9] {
        let waiters = |text: String| number_after(&text, "waiters:");
        let (queue, lifo) = (format!("{:?}", self.queue), format!("{:?}", self.lifo));
        let shut_down = |text: &str| text.ends_with("shutdown>");
        [
            (
                "the first lock",
                waiters(format!("{:?}", self.locks[0])),
                !self.locks[0].locked(),
            ),
            (
                "the second lock",
                waiters(format!("{:?}", self.locks[1])),
                !self.locks[1].locked(),
            ),
            (
                "the semaphore",
                waiters(format!("{:?}", self.semaphore)),
                self.semaphore.value() > 0,
            ),
            (
                "the bounded semaphore",
                waiters(format!("{:?}", self.bounded)),
                self.bounded.value() > 0,
            ),
            ("the event", waiters(format!("{:?}", self.event)), self.event.is_set()),
            (
                "an item",
                number_after(&queue, "_getters["),
                !self.queue.empty() || shut_down(&queue),
            ),
            (
                "room for an item",
                number_after(&queue, "_putters["),
                !self.queue.full() || shut_down(&queue),
            ),
            (
                "an item of the stack",
                number_after(&lifo, "_getters["),
                !self.lifo.empty() || shut_down(&lifo),
            ),
            (
                "the barrier",
                self.barrier.n_waiting(),
                self.barrier.broken() || self.barrier.n_waiting() >= self.barrier.parties(),
            ),
        ]
    }

    /// Drops what is left in the queues.
    pub(crate) fn empty(&self) {
        while self.queue.get_nowait().is_ok() {}
        while self.lifo.get_nowait().is_ok() {}
    }
}

impl World {
    /// Nobody waits for what is free: whoever was woken and went away has passed it on.
    pub(crate) fn check_grants(&self) {
        for (what, waiting, free) in self.primitives.waiters() {
            if waiting > 0 && free {
                self.fail(format!("{waiting} wait for {what}, which is there"));
            }
        }
    }

    /// Every task has ended that was cancelled, and nothing of it stands in a queue.
    pub(crate) fn check_tasks(&self) {
        let left: Vec<AnyTask> = self.loops.all().iter().flat_map(EventLoop::all_tasks).collect();
        let waits_for_others = |task: &AnyTask| left.iter().any(|other| other.awaiters().contains(task));
        for task in &left {
            // A child of a group that waits for the task that waits for the group: that never ends in asyncio either, because a group that is
            // cancelled waits for its children. Whoever waits in such a circle, or for it, waits for another task.
            if !waits_for_others(task) {
                self.fail(format!("cancelled, and still there: {task:?} {:?}", task.waits()));
            }
        }
        if !left.is_empty() {
            return;
        }
        for (what, waiting, _) in self.primitives.waiters() {
            if waiting > 0 {
                self.fail(format!("{waiting} wait for {what}, and no task is left"));
            }
        }
        let condition = format!("{:?}", self.primitives.condition);
        if number_after(&condition, "waiters:") > 0 {
            self.fail(format!("no task is left: {condition}"));
        }
    }

    /// Permits and items are neither lost nor made.
    pub(crate) fn check_books(&self) {
        let at = &self.primitives;
        if at.semaphore.value() != at.permits.get() {
            self.fail(format!(
                "{} permits, and there should be {}",
                at.semaphore.value(),
                at.permits.get()
            ));
        }
        if at.queue.qsize() as isize != at.items.get() {
            self.fail(format!("{} items, and there should be {}", at.queue.qsize(), at.items.get()));
        }
    }
}

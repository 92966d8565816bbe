//! What of sockets and streams should not be as it is, when nothing happens any more. A run that nobody meddles with may leave things so, too: by
//! what its program does.

use kolo::AnyTask;

use crate::streams::Connection;
use crate::world::World;

impl World {
    /// What is left over when the run has ended.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let mut left_over = self.abandoned();
        if self.unfinished().is_empty() {
            left_over.extend(
                self.sockets
                    .waited_for()
                    .map(|end| format!("no task is left, and one waits for {end}")),
            );
            let connections = self.connections.borrow();
            let readers = connections.iter().map(|connection| format!("{:?}", connection.reader));
            let awaited = readers.filter(|reader| reader.contains(" waiter"));
            left_over.extend(awaited.map(|reader| format!("no task is left, and one reads from {reader}")));
        }
        left_over
    }

    /// What stands still when nothing can happen any more, although nothing keeps it.
    pub(crate) fn stuck(&self) -> Vec<String> {
        let mut stuck = self.abandoned();
        stuck.extend(
            self.accepting()
                .map(|task| format!("a connection is being accepted for ever: {task:?}")),
        );
        let connections = self.connections.borrow();
        let draining = connections.iter().filter(|connection| connection.drains_for_nothing());
        stuck.extend(draining.map(|connection| format!("one waits for room where there is nothing: {:?}", connection.writer)));
        stuck
    }

    fn abandoned(&self) -> Vec<String> {
        let abandoned = self.sockets.abandoned();
        abandoned.map(|end| format!("{end} is open, and became no stream")).collect()
    }

    /// The tasks in which servers make connections: they take a moment.
    fn accepting(&self) -> impl Iterator<Item = AnyTask> {
        let tasks = self.tasks.borrow();
        let mut all = self.event_loop.all_tasks();
        all.retain(|task| !tasks.iter().any(|known| known.ptr_eq(task)));
        all.into_iter()
    }
}

impl Connection {
    /// Whether somebody waits in `drain` although all has been sent.
    fn drains_for_nothing(&self) -> bool {
        let is_empty = self.writer.as_ref().is_some_and(|writer| writer.write_buffer_size() == 0);
        is_empty && self.draining.get() > 0
    }
}

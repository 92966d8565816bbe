//! What of sockets and streams should not be as it is, when nothing happens by itself. A run that nobody meddles with may leave things so, too: by
//! what its program does.

use kolo::{AnyTask, StreamReader};

use crate::streams::Connection;
use crate::world::World;

impl World {
    /// What is left over when the run has ended. It ends in the midst of what its last task has set in motion: that a socket is closed, say.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let mut left_over = Vec::new();
        if self.unfinished().is_empty() {
            left_over.extend(
                self.sockets
                    .waited_for()
                    .map(|end| format!("no task is left, and one waits for {end}")),
            );
            let connections = self.connections.borrow();
            let awaited = connections
                .iter()
                .map(|connection| &connection.reader)
                .filter(|reader| is_awaited(reader));
            left_over.extend(awaited.map(|reader| format!("no task is left, and one reads from {reader:?}")));
        }
        left_over
    }

    /// What stands still when nothing happens by itself, although nothing keeps it.
    pub(crate) fn stuck(&self) -> Vec<String> {
        let abandoned = self.sockets.abandoned();
        let mut stuck: Vec<_> = abandoned.map(|end| format!("{end} is open, and became no stream")).collect();
        stuck.extend(
            self.accepting()
                .map(|task| format!("a connection is being accepted for ever: {task:?}")),
        );
        let connections = self.connections.borrow();
        let draining = connections.iter().filter(|connection| connection.drains_for_nothing());
        stuck.extend(draining.map(|connection| format!("one waits for room where there is nothing: {:?}", connection.writer)));
        stuck
    }

    /// The tasks in which servers make connections: they take a moment.
    fn accepting(&self) -> impl Iterator<Item = AnyTask> {
        let tasks = self.tasks.borrow();
        let mut all = self.event_loop.all_tasks();
        all.retain(|task| !tasks.iter().any(|known| known.ptr_eq(task)));
        all.into_iter()
    }
}

/// Whether a task waits for more: it says so of itself, as asyncio's does.
fn is_awaited(reader: &StreamReader) -> bool {
    format!("{reader:?}").contains(" waiter")
}

impl Connection {
    /// Whether somebody waits in `drain` although all has been sent.
    fn drains_for_nothing(&self) -> bool {
        let is_empty = self.writer.as_ref().is_some_and(|writer| writer.write_buffer_size() == 0);
        is_empty && self.draining.get() > 0
    }
}

#[cfg(test)]
mod tests {
    use kolo::testing::{hops, run};
    use kolo::{StreamReader, create_task};

    use super::is_awaited;

    #[test]
    fn readers_say_that_a_task_waits() {
        run(async {
            let reader = StreamReader::new();
            let reading = create_task(reader.read(1));
            hops(1).await?;
            assert!(is_awaited(&reader));
            reader.feed_data("x");
            reading.await?;
            assert!(!is_awaited(&reader));
            Ok(())
        })
        .expect("it reads");
    }
}

//! The table of tasks: how a ticket finds its task, and who keeps a task alive that nobody has a handle of.

use slab::Slab;

use crate::block::task::TaskRef;
use crate::ground::error::{Error, Result};
use crate::ground::ticket::Ticket;

/// The unfinished tasks of a loop. A row is used again when its task is finished; the generation in its ticket tells the next one from it.
#[derive(Default)]
pub(crate) struct Tasks(Slab<TaskRef>);

impl Tasks {
    /// Takes a task in, and completes its ticket.
    #[inline]
    pub(crate) fn insert(&mut self, loop_id: u16, task: TaskRef) -> Result<()> {
        let row = self.0.vacant_entry();
        let number = u32::try_from(row.key()).unwrap_or(Ticket::ROWS);
        if number >= Ticket::ROWS {
            return Err(no_row());
        }
        let generation = task.ticket.get().generation();
        task.ticket.set(Ticket::new(loop_id, generation, number));
        row.insert(task);
        Ok(())
    }

    #[inline]
    pub(crate) fn get(&self, ticket: Ticket) -> Option<&TaskRef> {
        let task = self.0.get(ticket.row() as usize)?;
        (task.ticket.get() == ticket).then_some(task)
    }

    /// Takes a task out. It is handed back, to be dropped outside of the borrow.
    #[inline]
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<TaskRef> {
        self.get(ticket)?;
        self.0.try_remove(ticket.row() as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first task of which this is true, by its row: from this row on, and then from the first one.
    pub(crate) fn find_from(&self, row: usize, mut is: impl FnMut(&TaskRef) -> bool) -> Option<usize> {
        let rows = self.0.capacity();
        let row = row.min(rows);
        (row..rows).chain(0..row).find(|&row| self.0.get(row).is_some_and(&mut is))
    }

    /// In the order of their creation.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut all: Vec<TaskRef> = self.0.iter().map(|(_, task)| task.clone()).collect();
        all.sort_by_key(|task| task.birth());
        all
    }
}

#[cold]
fn no_row() -> Error {
    Error::runtime(format!("a loop holds at most {} tasks", Ticket::ROWS)).without_place()
}

//! The table of tasks: how a ticket finds its task, and who keeps a task alive that nobody has a handle of.

use crate::block::task::TaskRef;
use crate::ground::error::{Error, Result};
use crate::ground::ticket::Ticket;

/// The unfinished tasks of a loop. A place is used again when its task is finished.
#[derive(Default)]
pub(crate) struct Tasks {
    places: Vec<Option<TaskRef>>,
    /// The places of finished tasks.
    free: Vec<u32>,
}

impl Tasks {
    /// Takes a task in, and completes its ticket.
    #[inline]
    pub(crate) fn insert(&mut self, loop_id: u16, task: TaskRef) -> Result<()> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.add_place()?,
        };
        let generation = task.ticket.get().generation();
        task.ticket.set(Ticket::new(loop_id, generation, index));
        self.places[index as usize] = Some(task);
        Ok(())
    }

    #[cold]
    fn add_place(&mut self) -> Result<u32> {
        if self.places.len() == Ticket::ROWS as usize {
            return Err(Error::runtime(format!("a loop holds at most {} tasks", Ticket::ROWS)));
        }
        self.places.push(None);
        Ok(self.places.len() as u32 - 1)
    }

    pub(crate) fn get(&self, ticket: Ticket) -> Option<&TaskRef> {
        let task = self.places.get(ticket.row() as usize)?.as_ref();
        task.filter(|task| task.ticket.get() == ticket)
    }

    /// Takes a task out. It is handed back, to be dropped outside of the borrow.
    #[inline]
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<TaskRef> {
        self.get(ticket)?;
        self.free.push(ticket.row());
        self.places[ticket.row() as usize].take()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// In the order of their creation.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut all: Vec<TaskRef> = self.places.iter().flatten().cloned().collect();
        all.sort_by_key(|task| task.birth());
        all
    }
}

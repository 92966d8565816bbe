//! The table of tasks: how a ticket finds its task, and who keeps a task alive that nobody has a handle of.

use crate::error::{Error, Result};
use crate::task::TaskRef;
use crate::waker::Ticket;

/// The unfinished tasks of a loop. A place is used again when its task is finished, with the next generation.
pub(crate) struct Tasks {
    places: Vec<Place>,
    /// The head of the list of free places; `NONE` when there is none.
    free: u32,
    len: usize,
}

struct Place {
    task: Option<TaskRef>,
    generation: u32,
    next_free: u32,
}

/// No place: indices are smaller.
const NONE: u32 = u32::MAX;

impl Default for Tasks {
    fn default() -> Self {
        Tasks {
            places: Vec::new(),
            free: NONE,
            len: 0,
        }
    }
}

impl Tasks {
    pub(crate) fn insert(&mut self, loop_id: u16, task: TaskRef) -> Result<()> {
        if self.free == NONE {
            self.add_place()?;
        }
        let index = self.free;
        let place = &mut self.places[index as usize];
        self.free = place.next_free;
        task.ticket.set(Ticket::new(loop_id, place.generation, index));
        place.task = Some(task);
        self.len += 1;
        Ok(())
    }

    #[cold]
    fn add_place(&mut self) -> Result<()> {
        if self.places.len() == Ticket::TASKS as usize {
            return Err(Error::runtime(format!("a loop holds at most {} tasks", Ticket::TASKS)));
        }
        self.free = self.places.len() as u32;
        self.places.push(Place {
            task: None,
            generation: 0,
            next_free: NONE,
        });
        Ok(())
    }

    pub(crate) fn get(&self, ticket: Ticket) -> Option<&TaskRef> {
        let place = self.places.get(ticket.index() as usize)?;
        place.task.as_ref().filter(|_| place.generation == ticket.generation())
    }

    /// Takes a task out. It is handed back, to be dropped outside of the borrow.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<TaskRef> {
        let place = self.places.get_mut(ticket.index() as usize)?;
        if place.generation != ticket.generation() {
            return None;
        }
        let task = place.task.take()?;
        place.generation = (place.generation + 1) % Ticket::GENERATIONS;
        place.next_free = std::mem::replace(&mut self.free, ticket.index());
        self.len -= 1;
        Some(task)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// In the order of their creation.
    pub(crate) fn all(&self) -> Vec<TaskRef> {
        let mut all: Vec<TaskRef> = self.places.iter().filter_map(|place| place.task.clone()).collect();
        all.sort_by_key(|task| task.birth());
        all
    }
}

//! The table of tasks: how a ticket finds its task, and who keeps a task alive that nobody has a handle of.

use crate::error::{Error, Result};
use crate::task::TaskRef;
use crate::waker::Ticket;

/// The unfinished tasks of a loop. A place is used again when its task is finished, with the next generation.
#[derive(Default)]
pub(crate) struct Tasks {
    places: Vec<Place>,
    /// The head of the list of free places.
    free: Option<u32>,
    len: usize,
}

struct Place {
    task: Option<TaskRef>,
    generation: u32,
    next_free: Option<u32>,
}

impl Tasks {
    pub(crate) fn insert(&mut self, loop_id: u16, task: TaskRef) -> Result<()> {
        let index = match self.free {
            Some(index) => index,
            None if self.places.len() < Ticket::TASKS as usize => {
                self.places.push(Place {
                    task: None,
                    generation: 0,
                    next_free: None,
                });
                (self.places.len() - 1) as u32
            }
            None => return Err(Error::runtime(format!("a loop holds at most {} tasks", Ticket::TASKS))),
        };
        let place = &mut self.places[index as usize];
        self.free = place.next_free.take();
        task.ticket.set(Ticket::new(loop_id, place.generation, index));
        place.task = Some(task);
        self.len += 1;
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
        place.next_free = self.free.replace(ticket.index());
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

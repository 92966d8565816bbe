//! What the program does at locks, events and queues without waiting, and the books on permits and items.

use kolo::{Permit, Result};
use kolo_chaos::numbers::Numbers;

use crate::user::Value;
use crate::world::{Primitives, World, current};

/// A permit of the plain semaphore, which is entered into the books when it is given back.
pub(crate) struct Booked(Option<Permit>);

impl Booked {
    pub(crate) fn new(world: &World, permit: Permit) -> Booked {
        world.primitives.took_permit();
        Booked(Some(permit))
    }
}

impl Drop for Booked {
    fn drop(&mut self) {
        if let Some(world) = current() {
            world.primitives.gave_permit();
        }
        drop(self.0.take());
    }
}

impl Primitives {
    pub(crate) fn took_permit(&self) {
        // Whoever is told of a permit that is given back may take it before that is in the books.
        self.permits.set(self.permits.get().wrapping_sub(1));
    }

    fn gave_permit(&self) {
        self.permits.set(self.permits.get().wrapping_add(1));
    }

    pub(crate) fn release_permit(&self) {
        self.gave_permit();
        self.semaphore.release();
    }

    /// The outcome of putting an item into the queue.
    pub(crate) fn put(&self, outcome: Result<()>) -> Result<()> {
        if outcome.is_ok() {
            self.items.set(self.items.get() + 1);
        }
        outcome
    }

    /// The outcome of taking an item out of the queue.
    pub(crate) fn got(&self, outcome: Result<Value>) -> Result<Value> {
        if outcome.is_ok() {
            self.items.set(self.items.get() - 1);
        }
        outcome
    }

    /// Releases what tasks acquired by hand and never gave back.
    pub(crate) fn release_all(&self) {
        for lock in &self.locks {
            let _ = lock.release();
        }
        let _ = self.condition.release();
    }
}

pub(crate) fn act_at_primitive(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(20);
    world.tell(&format!("{who}: primitive {what}"));
    let at = &world.primitives;
    match what {
        0 | 1 => drop(at.locks[numbers.below(2)].release()),
        2 => at.release_permit(),
        3 => drop(at.bounded.release()),
        4 | 5 => at.event.set(),
        6 => at.event.clear(),
        7 => drop(at.condition.notify(numbers.below(3))),
        8 => drop(at.condition.notify_all()),
        9 => drop(at.condition.release()),
        10 | 11 => drop(at.put(at.queue.put_nowait(Value::new(world, numbers)))),
        12 | 13 => drop(at.got(at.queue.get_nowait())),
        14 => drop(at.lifo.put_nowait(Value::new(world, numbers))),
        15 => drop(at.lifo.get_nowait()),
        16 => {
            let _ = (at.queue.task_done(), at.lifo.task_done());
        }
        17 if numbers.once_in(6) => shut_down(at, numbers),
        _ => {
            let seen = format!("{:?} {:?} {:?} {:?}", at.locks, at.semaphore, at.condition, at.barrier);
            world
                .things
                .put(numbers, Box::new((seen, format!("{:?} {:?}", at.queue, at.lifo))));
        }
    }
}

fn shut_down(at: &Primitives, numbers: &mut Numbers) {
    let (before, immediate) = (at.queue.qsize(), numbers.once_in(2));
    at.queue.shutdown(immediate);
    // What whoever is woken by it takes is in the books already. All stay if this is done by one of them, while it is shown.
    if immediate && at.queue.empty() {
        at.items.set(at.items.get() - before as isize);
    }
    at.lifo.shutdown(numbers.once_in(2));
}

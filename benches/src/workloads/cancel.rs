use std::cell::Cell;
use std::rc::Rc;

use crate::clock::{Cost, Stopwatch};
use crate::peer::{Peer, join_each};
use crate::primitives::Event;

/// Tasks that wait for one event, and how many of them have got there.
struct Parked<P: Peer, E> {
    event: Rc<E>,
    tasks: Vec<P::Task<()>>,
}

impl<P: Peer, E: Event<Error = P::Error>> Parked<P, E> {
    async fn spawn(tasks: usize) -> Result<Self, P::Error> {
        let event = Rc::new(E::default());
        let parked = Rc::new(Cell::new(0));
        let spawned = (0..tasks)
            .map(|_| {
                let event = Rc::clone(&event);
                let parked = Rc::clone(&parked);
                P::spawn(async move {
                    parked.set(parked.get() + 1);
                    event.wait().await
                })
            })
            .collect();
        while parked.get() < tasks {
            P::yield_now().await?;
        }
        Ok(Parked { event, tasks: spawned })
    }
}

/// Spawns tasks and lets each of them run until it waits for an event. An operation is one task.
pub fn spawn_parked<P: Peer, E: Event<Error = P::Error>>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut watch = Stopwatch::default();
        for _ in 0..iterations {
            watch.start();
            let parked = Parked::<P, E>::spawn(tasks).await?;
            watch.stop();
            parked.event.set();
            join_each::<P, ()>(parked.tasks).await?;
        }
        Ok(watch.cost(iterations * tasks as u64))
    })
}

/// Cancels tasks that wait for an event, and collects them. An operation is one task.
pub fn cancel<P: Peer, E: Event<Error = P::Error>>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut watch = Stopwatch::default();
        for _ in 0..iterations {
            let parked = Parked::<P, E>::spawn(tasks).await?;
            watch.start();
            let cancelled = P::cancel_all(parked.tasks).await?;
            assert!(cancelled, "{} cannot cancel", P::NAME);
            // As long as a task is left it holds the event.
            while Rc::strong_count(&parked.event) > 1 {
                P::yield_now().await?;
            }
            watch.stop();
        }
        Ok(watch.cost(iterations * tasks as u64))
    })
}

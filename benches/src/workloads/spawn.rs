use std::hint::black_box;

use crate::clock::{Cost, Stopwatch};
use crate::peer::Peer;

/// Spawns a number of tasks that end at their first step, then joins them. An operation is one task.
pub fn spawn_and_join<P: Peer>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut spawned = Vec::with_capacity(tasks);
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            spawned.extend((0..tasks).map(|i| P::spawn(async move { Ok(i) })));
            for task in spawned.drain(..) {
                black_box(P::join(task).await?);
            }
        }
        watch.stop();
        Ok(watch.cost(iterations * tasks as u64))
    })
}

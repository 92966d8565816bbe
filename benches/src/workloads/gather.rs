use std::hint::black_box;

use crate::clock::{Cost, Stopwatch};
use crate::peer::Peer;

/// Gathers the values of a number of coroutines that end at their first step. An operation is one of them.
pub fn gather<P: Peer>(children: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            let values = P::gather((0..children).map(|i| async move { Ok(i) })).await?;
            assert_eq!(black_box(values).len(), children);
        }
        watch.stop();
        Ok(watch.cost(iterations * children as u64))
    })
}

/// Runs a group of tasks that end at their first step. An operation is one of them.
pub fn group<P: Peer>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            P::group((0..tasks).map(|_| async { Ok(()) })).await?;
        }
        watch.stop();
        Ok(watch.cost(iterations * tasks as u64))
    })
}

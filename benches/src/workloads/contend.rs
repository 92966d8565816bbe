use std::rc::Rc;

use crate::clock::{Cost, Stopwatch};
use crate::peer::{Peer, join_each};
use crate::primitives::Shares;

/// Every task takes the lock again and again, and lets the others run while it holds it. An operation is one such holding.
pub fn lock<P: Peer, S: Shares>(tasks: usize, iterations: u64) -> Cost {
    contend::<P, S>(1, tasks, iterations)
}

/// The same over a semaphore of ten.
pub fn semaphore<P: Peer, S: Shares>(tasks: usize, iterations: u64) -> Cost {
    contend::<P, S>(10, tasks, iterations)
}

fn contend<P: Peer, S: Shares>(shares: usize, tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let shares = Rc::new(S::new(shares));
        let contenders: Vec<_> = (0..tasks)
            .map(|_| {
                let shares = Rc::clone(&shares);
                P::spawn(async move {
                    for _ in 0..iterations {
                        let _held = shares.hold().await;
                        P::yield_now().await?;
                    }
                    Ok(())
                })
            })
            .collect();
        let mut watch = Stopwatch::started();
        join_each::<P, ()>(contenders).await?;
        watch.stop();
        Ok(watch.cost(iterations * tasks as u64))
    })
}

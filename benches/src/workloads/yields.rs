use crate::clock::{Cost, Stopwatch};
use crate::peer::{Peer, join_each};

/// A number of tasks take turns. An operation is one turn of one task.
pub fn yields<P: Peer>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let turn_takers: Vec<_> = (0..tasks)
            .map(|_| {
                P::spawn(async move {
                    for _ in 0..iterations {
                        P::yield_now().await?;
                    }
                    Ok(())
                })
            })
            .collect();
        let mut watch = Stopwatch::started();
        join_each::<P, ()>(turn_takers).await?;
        watch.stop();
        Ok(watch.cost(iterations * tasks as u64))
    })
}

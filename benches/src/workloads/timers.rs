use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::{Cost, Stopwatch};
use crate::peer::{Timers, join_each};

const HOUR: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(10);

/// Tasks that sleep until moments scattered over one second. An operation is one of them, from its spawning to its joining.
pub fn sleeps<P: Timers>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            let sleepers = (0..tasks).map(|i| P::spawn(P::sleep(scattered(i)))).collect();
            join_each::<P, ()>(sleepers).await?;
        }
        watch.stop();
        Ok(watch.cost(iterations * tasks as u64))
    })
}

/// The same for every runtime, and in no order: multiples of the golden ratio, modulo one second.
fn scattered(i: usize) -> Duration {
    Duration::from_secs_f64((i as f64 * 0.618_033_988_749_895).fract())
}

/// A limit of ten seconds, armed and disarmed around a yield, while `others` tasks sleep for an hour.
pub fn timeouts<P: Timers>(others: usize, iterations: u64) -> Cost {
    P::run(async move {
        let asleep = Rc::new(Cell::new(0));
        let sleepers: Vec<_> = (0..others)
            .map(|i| {
                let asleep = Rc::clone(&asleep);
                P::spawn(async move {
                    asleep.set(asleep.get() + 1);
                    P::sleep(HOUR + scattered(i)).await
                })
            })
            .collect();
        while asleep.get() < others {
            P::yield_now().await?;
        }
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            P::timeout(LIMIT, P::suspend()).await?;
        }
        watch.stop();
        drop(sleepers);
        Ok(watch.cost(iterations))
    })
}

//! What a task costs in memory while it waits.

use std::cell::Cell;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::peer::{Peer, Timers};
use crate::primitives::Event;

const HOUR: Duration = Duration::from_secs(3600);

/// What a waiting task costs.
pub struct Footprint {
    /// Resident memory: with what the allocator adds, and with the runtime's share of everything.
    pub bytes: f64,
    /// CPU time, from its spawning until it waits.
    pub spawn: f64,
    /// CPU time to cancel and collect it, where the runtime can do that.
    pub cancel: Option<f64>,
}

pub fn asleep<P: Timers>(tasks: usize) -> Footprint {
    P::run(footprint::<P, _>(tasks, || P::sleep(HOUR)))
}

pub fn parked<P: Peer, E: Event<Error = P::Error>>(tasks: usize) -> Footprint {
    let event = Rc::new(E::default());
    P::run(footprint::<P, _>(tasks, move || {
        let event = Rc::clone(&event);
        async move { event.wait().await }
    }))
}

async fn footprint<P: Peer, F>(tasks: usize, wait: impl Fn() -> F + 'static) -> Result<Footprint, P::Error>
where
    F: Future<Output = Result<(), P::Error>> + 'static,
{
    // The handles are the program's, not the runtime's: their memory is there, and written to, before anything is measured.
    let mut handles = Vec::new();
    handles.resize_with(tasks, || None);

    let before = resident_bytes();
    let mut spawning = Stopwatch::started();
    for handle in &mut handles {
        *handle = Some(P::spawn(wait()));
    }
    // Every runtime runs what is ready in turns; nobody is seen to wait, but a task spawned last is the last to run.
    let last = Rc::new(Cell::new(false));
    let seen = Rc::clone(&last);
    let last_task = P::spawn(async move {
        seen.set(true);
        Ok(())
    });
    while !last.get() {
        P::yield_now().await?;
    }
    spawning.stop();
    let bytes = (resident_bytes() - before) / tasks as f64;
    P::join(last_task).await?;

    let handles: Vec<_> = handles.into_iter().flatten().collect();
    let mut cancelling = Stopwatch::started();
    let cancelled = P::cancel_all(handles).await?;
    cancelling.stop();

    let each = |watch: Stopwatch| watch.cost(tasks as u64).nanoseconds_each();
    Ok(Footprint {
        bytes,
        spawn: each(spawning),
        cancel: cancelled.then(|| each(cancelling)),
    })
}

fn resident_bytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux's /proc");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a line on resident memory");
    let kilobytes: f64 = line.trim_end_matches("kB").trim().parse().expect("a number");
    kilobytes * 1024.0
}

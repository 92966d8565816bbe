//! `BarrierTests`: barriers.

mod breaking;
mod filling;

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::Trace;
use kolo_executor::{Kind, Result, gather};
use kolo_sync::Barrier;

use crate::support::outcome::text;
use crate::support::runs::traced;

/// How many parties there are unless a case says otherwise.
const N: usize = 5;

/// All pass at once: the last to arrive first, the others one iteration later, in the order in which they came.
const FIRST_PASS: [&str; N] = [
    "+1 4 is number 4",
    "+2 0 is number 0",
    "+2 1 is number 1",
    "+2 2 is number 2",
    "+2 3 is number 3",
];

/// They come again as they were let go.
const SECOND_PASS: [&str; N] = [
    "+3 2 is number 4",
    "+4 3 is number 0",
    "+4 4 is number 1",
    "+4 0 is number 2",
    "+4 1 is number 3",
];

const EMPTY_AT_6: [&str; 1] = ["+6 <Barrier [filling, waiters:0/5]>"];

/// A task on its way through a barrier.
#[derive(Clone)]
struct Party {
    name: usize,
    barrier: Barrier,
    trace: Trace,
    /// How many parties have counted themselves.
    counted: Rc<Cell<usize>>,
}

impl Party {
    fn new(name: usize, barrier: &Barrier, trace: &Trace) -> Party {
        Party {
            name,
            barrier: barrier.clone(),
            trace: trace.clone(),
            counted: Rc::default(),
        }
    }

    /// Waits, and gives the index, or nothing if the barrier was broken meanwhile.
    async fn wait(&self) -> Result<Option<usize>> {
        self.wait_at(&self.barrier).await
    }

    async fn wait_at(&self, barrier: &Barrier) -> Result<Option<usize>> {
        match barrier.wait().await {
            Ok(index) => {
                self.log(format_args!("is number {index}"));
                Ok(Some(index))
            }
            Err(error) if error.kind() == Kind::BrokenBarrier => {
                self.log("finds it broken");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// One more that gets that far.
    fn count(&self) -> usize {
        self.counted.set(self.counted.get() + 1);
        self.counted.get()
    }

    async fn reset(&self) -> Result<()> {
        self.log("resets it");
        self.barrier.reset().await
    }

    async fn abort(&self) -> Result<()> {
        self.log("aborts it");
        self.barrier.abort().await
    }

    fn log(&self, event: impl std::fmt::Display) {
        self.trace.log_iteration(format_args!("{} {event}", self.name));
    }
}

/// Runs the tasks of `parties`, numbered from 0, all together; and tells what the barrier looks like afterwards.
async fn all<F>(parties: usize, trace: &Trace, barrier: &Barrier, way: impl Fn(Party) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + 'static,
{
    let first = Party::new(0, barrier, trace);
    let coroutines = (0..parties).map(|name| way(Party { name, ..first.clone() }));
    gather(coroutines.collect::<Vec<_>>()).await?;
    trace.log_iteration(text(barrier));
    Ok(())
}

/// What happens to as many parties as the barrier wants, all of which go this way.
fn events_of<F>(parties: usize, way: impl Fn(Party) -> F + 'static) -> Vec<String>
where
    F: Future<Output = Result<()>> + 'static,
{
    traced(async move |trace| {
        let barrier = Barrier::new(parties)?;
        all(parties, &trace, &barrier, way).await
    })
}

//! gather and shield.

mod children;
mod outcomes;
mod shield;

use kolo_executor::types::Many;
use kolo_executor::{AnyPromise, EventLoop, Gather, GatherOutcomes, Promise, Result, Task, gather};

/// Runs until nothing is left to do at once.
fn settle(event_loop: &EventLoop) {
    while event_loop.turn().unwrap() == kolo_executor::Turn::Now {}
}

fn promises<T: 'static, const N: usize>(event_loop: &EventLoop) -> [Promise<T>; N] {
    std::array::from_fn(|_| event_loop.create_promise())
}

/// Calls `make` where a loop runs.
fn inside<T: 'static>(event_loop: &EventLoop, make: impl FnOnce() -> T + 'static) -> T {
    event_loop.run_until_complete(async move { Ok(make()) }).unwrap()
}

/// What is gathered: the promises themselves, or tasks that wait for them.
#[derive(Clone, Copy)]
enum Through {
    Promises,
    Tasks,
}

/// A gather of handles by reference.
type Gathered<H> = Gather<Many<H, i32>>;

/// Gathers `children` as they are, or through tasks, and has `check` look at it with the means that both have in common.
fn gathered(event_loop: &EventLoop, through: Through, children: &[Promise<i32>]) -> Checked {
    let children = children.to_vec();
    match through {
        Through::Promises => Checked::Promises(inside(event_loop, move || gather(&children))),
        Through::Tasks => Checked::Tasks(inside(event_loop, move || {
            gather(children.into_iter().map(|child| async move { child.await }))
        })),
    }
}

enum Checked {
    Promises(Gathered<Promise<i32>>),
    Tasks(Gathered<Task<i32>>),
}

impl Checked {
    fn any(&self) -> AnyPromise {
        match self {
            Checked::Promises(gather) => gather.as_any(),
            Checked::Tasks(gather) => gather.as_any(),
        }
    }

    fn result(&self) -> Result<Vec<i32>> {
        match self {
            Checked::Promises(gather) => gather.result(),
            Checked::Tasks(gather) => gather.result(),
        }
    }

    fn with_exceptions(self) -> Outcomes {
        match self {
            Checked::Promises(gather) => Outcomes::Promises(gather.return_exceptions()),
            Checked::Tasks(gather) => Outcomes::Tasks(gather.return_exceptions()),
        }
    }
}

enum Outcomes {
    Promises(GatherOutcomes<Many<Promise<i32>, i32>>),
    Tasks(GatherOutcomes<Many<Task<i32>, i32>>),
}

impl Outcomes {
    fn any(&self) -> AnyPromise {
        match self {
            Outcomes::Promises(gather) => gather.as_any(),
            Outcomes::Tasks(gather) => gather.as_any(),
        }
    }

    fn results(&self) -> Result<Vec<Result<i32>>> {
        match self {
            Outcomes::Promises(gather) => gather.results(),
            Outcomes::Tasks(gather) => gather.results(),
        }
    }
}

const NO_LOOP: &str = "no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`";

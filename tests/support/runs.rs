//! Loops on the virtual clock, and whole runs as lists of events.

use kolo_executor::testing::{Trace, run, tick};
use kolo_executor::{Clock, EventLoop, Result, Task, current_task, running_loop};

/// A new loop on the virtual clock.
pub(crate) fn virtual_loop() -> EventLoop {
    EventLoop::with_clock(Clock::Virtual).expect("a new loop")
}

/// Runs so many iterations.
#[track_caller]
pub(crate) fn ticks(event_loop: &EventLoop, count: usize) {
    for _ in 0..count {
        tick(event_loop);
    }
}

/// Runs a coroutine that records what happens, and gives the events. It must not fail. Iterations are counted from its first step.
#[track_caller]
pub(crate) fn traced(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    let trace = Trace::new();
    let events = trace.clone();
    let main = async move {
        trace.start();
        main(trace).await
    };
    run(main).expect("a run without an error");
    events.take()
}

/// Runs a coroutine, which must succeed.
#[track_caller]
pub(crate) fn in_loop(main: impl Future<Output = Result<()>> + 'static) {
    run(main).expect("the test's coroutine succeeds");
}

/// How many requests to be cancelled the running task has.
pub(crate) fn cancelling() -> u32 {
    current_task().expect("a task").cancelling()
}

/// Cancels a task from a callback in the next iteration.
pub(crate) fn cancel_soon<T: 'static>(task: &Task<T>) {
    let task = task.clone();
    running_loop().call_soon(move || {
        task.cancel();
    });
}

//! The loop's part of CPython's test_base_events. One test for each case, under the case's name.
//!
//! CPython's tests look into the loop's queue and heap; what stands there shows here by when it runs, and by what `turn` says comes next.

mod errors;
mod queue;
mod runs;

use kolo_executor::running_loop;
use kolo_executor::testing::Trace;

/// A callback that adds its name to the trace.
fn log(trace: &Trace, name: &'static str) -> impl FnOnce() + 'static + use<> {
    let trace = trace.clone();
    move || trace.log(name)
}

fn running_loop_stop() {
    running_loop().stop();
}

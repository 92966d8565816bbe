//! Every example that needs nothing from outside, broken at each of its awaits: cancelled, panicking, dropped. Nothing is lost, nobody hangs.
//!
//! The examples are compiled into this program, which they know as `kolo`: everything in it is kolo's, but for `run` and `create_task`, through
//! which they can be broken. So all tasks are cancelled at all of their awaits, and those coroutines panic or are dropped that these two run.
//! What must be true of every run stands in `corpus.rs`. Each run has a thread of its own, for the examples' global variables.

#[allow(
    dead_code,
    unused_imports,
    unused_qualifications,
    clippy::all,
    reason = "the examples are checked where they are at home"
)]
mod examples {
    include!(concat!(env!("OUT_DIR"), "/examples.rs"));
}
mod runs;

// The examples' kolo.
extern crate self as kolo;
pub use kolo_chaos::kolo::*;
pub use runs::{create_task, run};

// With its feature `macros` kolo has a `test` of its own.
pub use std::prelude::v1::test;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kolo_chaos::breaker::{Break, Seen};
use kolo_chaos::panics;
use kolo_chaos::workers::{on_all, told};

/// At how many awaits an example is broken in each way.
const AWAITS: usize = 25;

/// An example with more awaits takes long, and is broken at one of them in each way.
const MANY: usize = 2_000;

fn run_example(number: usize, how: Break) -> std::result::Result<Seen, String> {
    let (name, enter) = examples::EXAMPLES[number];
    let run = move || {
        panics::tell_apart::<()>();
        panics::now_runs(number as u64 + 1);
        runs::broken(how, enter)
    };
    let seen = thread::spawn(run)
        .join()
        .map_err(|_| format!("{name} {how:?}: the thread panics"))?;
    match seen.faults.is_empty() {
        true => Ok(seen),
        false => Err(format!("{name} {how:?}: {}", seen.faults.join("; "))),
    }
}

#[test]
fn examples_broken_at_an_await_lose_nothing() {
    let at_most = told("KOLO_SWEEP_AWAITS").unwrap_or(AWAITS);
    let examples = examples::EXAMPLES.len();
    let (runs, still) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = on_all(examples, |number| {
        let seen = run_example(number, Break::Nowhere)?;
        still.fetch_add(usize::from(seen.suspensions == 0), Ordering::Relaxed);
        let at_most = if seen.resumptions > MANY { 1 } else { at_most };
        for how in seen.breaks(at_most) {
            run_example(number, how)?;
            runs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    println!(
        "{examples} examples, {} without an await, broken {} times",
        still.into_inner(),
        runs.into_inner()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

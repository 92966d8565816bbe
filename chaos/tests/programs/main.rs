//! Random programs that re-enter the loop from wherever user code runs: nothing is freed twice, lost or forgotten, and every one ends.
//!
//! A program is a tree of small acts, drawn from its seed. Coroutines, callbacks, destructors, clones, wakers, observers and exception handlers
//! all run scripts, and what a script makes has scripts of its own. They create and cancel tasks, complete promises, close, stop, run and drop
//! loops, forget and panic, move waits from task to task and poll them from outside. Each program has fuel for so many acts, and ends.
//!
//! In the end no code does anything any more, waits and guards that stand around are dropped, and then must hold:
//!
//! - **no accident**: no abort, no panic but the program's own, although kolo would have caught it;
//! - **once**: every value is dropped once, and none lives on when the loops are gone (unless the program has forgotten something);
//! - **bounded**: it comes to rest in a bounded number of turns;
//! - **granted**: nobody waits for what is there;
//! - **ended**: every task ends that is cancelled, if what it has to acquire for its end is released; none is left in a queue;
//! - **booked**: there are as many permits and items as were given back and put, less those that were taken.
//!
//! `KOLO_FUZZ_PROGRAMS=n` runs so many, `KOLO_FUZZ_SEED=s` begins with that seed; with the seed alone just that one runs, and tells what it does.

mod acts;
mod at_primitives;
mod checks;
mod coroutines;
mod leaves;
mod run;
mod user;
mod world;

use std::time::Instant;

use kolo_chaos::workers::{on_all, told};

use crate::run::run_program;

/// As many as fit into half a minute of a debug build.
const PROGRAMS: usize = 60_000;

#[test]
fn random_programs_do_no_harm() {
    let seed: Option<u64> = told("KOLO_FUZZ_SEED");
    let programs = told("KOLO_FUZZ_PROGRAMS").unwrap_or(if seed.is_some() { 1 } else { PROGRAMS });
    let first = seed.unwrap_or(1);
    let start = Instant::now();
    let failures = on_all(programs, |number| run_program(first + number as u64, programs == 1));
    println!("{programs} programs in {:.1} s", start.elapsed().as_secs_f64());
    let rerun = "to run one of them: KOLO_FUZZ_SEED=seed cargo test -p kolo-chaos --test programs -- --nocapture";
    assert!(failures.is_empty(), "{}\n{rerun}", failures.join("\n"));
}

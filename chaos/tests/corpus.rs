//! Every program of the corpus, broken at each of its awaits in each of three ways: nothing is lost, and nobody hangs.
//!
//! At one suspension of one task the task is **cancelled**; or the coroutine that is about to go on there **panics** instead, or is **dropped**,
//! as a foreign `select!` does, and its caller goes on with an error. What a program makes of that is its own affair: one that leaves a lock
//! locked, or waits for what nobody sets or sends any more, may stand still. What kolo promises is this, and is checked of every run:
//!
//! - **it ends**: with its last task, or with the proof of a deadlock, and not in a circle;
//! - **granted**: at rest, which is also whenever the clock is about to move, nobody waits in a queue for what is there: whoever was woken and
//!   went away has passed it on; nor for room in a stream that has sent all;
//! - **gone**: when no task is left, nobody stands in a queue, waits for a socket, or reads from a stream;
//! - **closed**: a socket that did not become a stream after all is closed, and no descriptor is left over;
//! - **dropped**: no coroutine outlives its run;
//! - **no accident**: nothing panics but what was told to, although kolo would have caught it.
//!
//! A program with many awaits is broken at some of them, evenly spread: `KOLO_SWEEP_AWAITS=n` says at how many.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, path};

use kolo_chaos::breaker::{Break, Breaker, Seen};
use kolo_chaos::kolo::EventLoop;
use kolo_chaos::panics;
use kolo_chaos::workers::{on_all, told};
use kolo_differential::{Coroutine, Meddler, parse, trace_with};
use serde_json::Value;

/// At how many awaits a program is broken in each way.
const AWAITS: usize = 4;

struct Breaks(Breaker);

impl Meddler for Breaks {
    fn begins(&self, event_loop: &EventLoop) {
        self.0.watch(event_loop);
    }
    fn call(&self, coroutine: Coroutine<i64>) -> Coroutine<i64> {
        Box::pin(self.0.call(coroutine))
    }
    fn is_at_rest(&self, event_loop: &EventLoop, amiss: &dyn Fn() -> Vec<String>) {
        self.0.look(event_loop);
        amiss().into_iter().for_each(|what| self.0.fault(what));
    }
}

/// Runs a program, broken.
fn run(item: &Value, how: Break, may_overrun: bool) -> Result<Seen, String> {
    let breaker = Breaker::new(how);
    let program = parse(item).map_err(|error| error.to_string())?;
    let lines = trace_with(program, Rc::new(Breaks(breaker.clone()))).map_err(|error| error.to_string())?;
    if !may_overrun && overruns(lines.last()) {
        breaker.fault("it does not end");
    }
    let seen = breaker.end();
    match seen.faults.is_empty() {
        true => Ok(seen),
        false => Err(format!("{} {how:?}: {}", item["id"], seen.faults.join("; "))),
    }
}

/// Whether this is the last line of a trace that was given up.
fn overruns(last: Option<impl AsRef<str>>) -> bool {
    last.is_some_and(|last| last.as_ref().ends_with("overrun"))
}

/// Whether nothing but a callback of the program can end it: one that is called as long as its descriptor is ready.
fn may_circle(program: &str) -> bool {
    program.contains("\"add_reader\"") || program.contains("\"add_writer\"")
}

fn sweep(name: &str) {
    let path = path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../differential/corpus")
        .join(name);
    let corpus = fs::read_to_string(path).expect("the corpus is there");
    let programs: Vec<&str> = corpus.lines().collect();
    let at_most = told("KOLO_SWEEP_AWAITS").unwrap_or(AWAITS);
    let runs = AtomicUsize::new(0);
    let failures = on_all(programs.len(), |number| {
        panics::tell_apart::<()>();
        panics::now_runs(number as u64 + 1);
        let item: Value = serde_json::from_str(programs[number]).expect("a corpus is an object a line");
        let trace = item["trace"].as_array();
        let may_overrun = overruns(trace.and_then(|lines| lines.last()?.as_str())) || may_circle(programs[number]);
        for how in run(&item, Break::Nowhere, may_overrun)?.breaks(at_most) {
            run(&item, how, may_overrun)?;
            runs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    println!("{name}: {} programs, broken {} times", programs.len(), runs.into_inner());
    assert!(!programs.is_empty(), "a corpus without programs");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("the system lists them").count()
}

#[test]
fn programs_broken_at_an_await_lose_nothing() {
    let before = open_descriptors();
    sweep("dev.jsonl");
    sweep("net.jsonl");
    assert_eq!(open_descriptors(), before, "descriptors are left over");
}

//! The end of a pool, and what is left of it.

use std::sync::mpsc::channel;

use kolo::multiprocessing::{Process, Value};
use kolo::{Kind, ProcessPoolExecutor, Result, partial};

use crate::calls::{error_of, one_process};
use crate::deaths::children;
use crate::functions::*;
use crate::harness::{Case, alone};

pub(crate) const CASES: &[Case] = &[
    ("test_run_after_shutdown", test_run_after_shutdown),
    ("test_hang_issue12364", test_hang_issue12364),
    ("test_cancel_futures", test_cancel_futures),
    ("test_context_manager_shutdown", test_context_manager_shutdown),
    ("test_shutdown_no_wait", test_shutdown_no_wait),
    ("a_map_that_is_dropped_cancels_what_has_not_begun", a_map_that_is_dropped),
    ("a_pool_may_end_in_a_callback", a_pool_may_end_in_a_callback),
    ("nothing_is_left", nothing_is_left),
];

pub(crate) const ALONE: &[Case] = &[(LEFT, what_is_left)];

const LEFT: &str = "what_is_left_in_a_process_of_its_own";

fn test_run_after_shutdown() {
    let pool = ProcessPoolExecutor::new();
    pool.shutdown(true, false);
    let expected = (Kind::Runtime, "cannot schedule new futures after shutdown".to_owned());
    assert_eq!(error_of(pool.submit(partial!(answer))), expected);
    assert_eq!(error_of(pool.map(partial!(add, 1), 0..2)), expected);
}

fn test_hang_issue12364() {
    let pool = one_process();
    let jobs: Vec<_> = (0..50).map(|n| pool.submit(partial!(add, n, 0)).unwrap()).collect();
    pool.shutdown(true, false);
    for (n, job) in jobs.iter().enumerate() {
        assert!(job.done());
        assert_eq!(job.result().unwrap(), n as u64);
    }
}

fn test_cancel_futures() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let pool = one_process();
    let running = pool.submit(partial!(wait_for, begun.clone(), may_end.clone())).unwrap();
    until(&begun).unwrap();
    let waiting: Vec<_> = (0..10).map(|_| pool.submit(partial!(answer)).unwrap()).collect();
    pool.shutdown(false, true);
    assert!(waiting.iter().all(|job| job.cancelled()));
    may_end.set(true).unwrap();
    pool.shutdown(true, true);
    running.result().unwrap();
}

fn test_context_manager_shutdown() {
    let jobs = {
        let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
        [1, 2].map(|n| pool.submit(partial!(add, n, n)).unwrap())
    };
    assert!(jobs.iter().all(|job| job.done()));
}

fn test_shutdown_no_wait() {
    let pool = one_process();
    let sums: Vec<_> = (0..5).map(|n| pool.submit(partial!(add, n, 1)).unwrap()).collect();
    pool.shutdown(false, false);
    let sums: Vec<u64> = sums.iter().map(|job| job.result().unwrap()).collect();
    assert_eq!(sums, [1, 2, 3, 4, 5]);
}

fn a_map_that_is_dropped() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let counted = Value::new(0).unwrap();
    let pool = one_process();
    let running = pool.submit(partial!(wait_for, begun.clone(), may_end.clone())).unwrap();
    until(&begun).unwrap();
    drop(pool.map(partial!(increment, counted.clone()), [1, 2, 3]).unwrap());
    may_end.set(true).unwrap();
    drop(pool);
    running.result().unwrap();
    assert_eq!(counted.get().unwrap(), 0);
}

fn a_pool_may_end_in_a_callback() {
    let (tell, told) = channel();
    let pool = one_process();
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let job = pool.submit(partial!(wait_for, begun, may_end.clone())).unwrap();
    job.add_done_callback(move |_| {
        drop(pool);
        tell.send(()).unwrap();
    });
    may_end.set(true).unwrap();
    told.recv().unwrap();
}

fn nothing_is_left() {
    let status = alone(LEFT).status().unwrap();
    assert!(status.success());
}

/// How many descriptors and threads this program has.
fn in_use() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|path| std::fs::read_dir(path).expect("Linux").count())
}

fn what_is_left() {
    let before = in_use();
    for _ in 0..20 {
        let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
        let shared = Value::new(0).unwrap();
        let jobs = pool.map(partial!(increment, shared.clone()), [1, 2, 3]).unwrap();
        jobs.collect::<Result<Vec<()>>>().unwrap();
        assert_eq!(shared.get().unwrap(), 6);
        // In what is broken there is nothing left, either.
        let died = pool.submit(partial!(stop_here)).unwrap();
        assert_eq!(error_of(died.result()).0, Kind::BrokenPool);
        drop(pool);
        let process = Process::new(partial!(increment, shared.clone(), 1));
        process.start().unwrap();
        drop(process);
        assert_eq!(shared.get().unwrap(), 7);
    }
    assert_eq!(in_use(), before);
    assert_eq!(children(), [0; 0]);
}

//! Processes that die, at whatever they are.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use kolo::multiprocessing::Value;
use kolo::{Kind, ProcessPoolExecutor, Result, concurrent::Job, partial, run, run_in_executor};
use rustix::process::{Pid, Signal, kill_process};

use crate::calls::{error_of, one_process};
use crate::functions::*;
use crate::harness::{Case, alone};

pub(crate) const CASES: &[Case] = &[
    ("test_killed_child", test_killed_child),
    ("test_crash_at_task_unpickle", test_crash_at_task_unpickle),
    ("test_crash_during_func_exec_on_worker", test_crash_during_func_exec_on_worker),
    ("test_exit_during_func_exec_on_worker", test_exit_during_func_exec_on_worker),
    (
        "test_crash_during_result_pickle_on_worker",
        test_crash_during_result_pickle_on_worker,
    ),
    ("test_crash_big_data", test_crash_big_data),
    ("killed_while_it_starts", killed_while_it_starts),
    ("killed_in_the_middle_of_an_argument", killed_in_the_middle_of_an_argument),
    ("killed_around_a_result", killed_around_a_result),
    ("killed_while_it_is_idle", killed_while_it_is_idle),
    (
        "the_others_end_with_it_though_they_are_stopped",
        the_others_end_with_it_though_they_are_stopped,
    ),
    (
        "no_process_is_left_when_the_parent_is_killed",
        no_process_is_left_when_the_parent_is_killed,
    ),
];

pub(crate) const ALONE: &[Case] = &[
    (STARTING, each_process_dies_while_it_starts),
    (PARENT, a_parent_that_is_killed),
];

const STARTING: &str = "each_process_dies_while_it_starts";
const PARENT: &str = "a_parent_that_is_killed";
const DIE: &str = "KOLO_TEST_DIE";

/// In a process that is told so, before it serves.
pub(crate) fn die_if_told_to() {
    if env::var_os(DIE).is_some() && env::var_os("KOLO_PROCESS").is_some() {
        die();
    }
}

const ABRUPTLY: &str = "A process in the process pool was terminated abruptly while the future was running or pending.";

#[track_caller]
fn is_broken_by<T>(pool: &ProcessPoolExecutor, job: &Job<T>) {
    assert_eq!(error_of(job.take_result()), (Kind::BrokenPool, ABRUPTLY.to_owned()));
    is_broken(pool);
}

#[track_caller]
fn is_broken(pool: &ProcessPoolExecutor) {
    let text = "A child process terminated abruptly, the process pool is not usable anymore";
    let expected = (Kind::BrokenPool, text.to_owned());
    assert_eq!(error_of(pool.submit(partial!(answer))), expected);
}

fn send(signal: Signal, pid: u32) {
    kill_process(Pid::from_raw(pid as i32).expect("a process"), signal).expect("it is there");
}

/// Whether the process is there, and more than a number that waits for its parent: that it is once the last of its threads is gone, too.
fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next());
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    threads > 1 || state.is_some_and(|state| state != 'Z' && state != 'X')
}

fn until_gone(pid: u32) {
    while lives(pid) {
        thread::sleep(Duration::from_millis(1));
    }
}

fn test_killed_child() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let pool = one_process();
    let process = pool.submit(partial!(pid)).unwrap().result().unwrap();
    let running = pool.submit(partial!(wait_for, begun.clone(), may_end)).unwrap();
    let waiting = pool.submit(partial!(answer)).unwrap();
    until(&begun).unwrap();
    send(Signal::KILL, process);
    is_broken_by(&pool, &running);
    is_broken_by(&pool, &waiting);
    pool.shutdown(true, false);
    is_broken(&pool);
}

fn test_crash_at_task_unpickle() {
    let pool = one_process();
    is_broken_by(&pool, &pool.submit(partial!(take::<Dies>, Odd::new())).unwrap());
}

fn test_crash_during_func_exec_on_worker() {
    let failed = run(async {
        let pool = one_process();
        let died = run_in_executor(&pool, partial!(stop_here));
        let waiting = run_in_executor(&pool, partial!(answer));
        let errors = (error_of(died.await), error_of(waiting.await));
        is_broken(&pool);
        Ok(errors)
    });
    let expected = (Kind::BrokenPool, ABRUPTLY.to_owned());
    assert_eq!(failed.unwrap(), (expected.clone(), expected));
}

fn test_exit_during_func_exec_on_worker() {
    for code in [0, 1] {
        let pool = one_process();
        is_broken_by(&pool, &pool.submit(partial!(exit_with, code)).unwrap());
    }
}

fn test_crash_during_result_pickle_on_worker() {
    let pool = one_process();
    is_broken_by(&pool, &pool.submit(partial!(give::<Dies>)).unwrap());
}

fn test_crash_big_data() {
    let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
    let died = pool.submit(partial!(stop_here)).unwrap();
    let data = vec![1; 3_000_000];
    let jobs: Vec<_> = (0..5)
        .filter_map(|_| pool.submit(partial!(length, data.clone())).ok())
        .collect();
    is_broken_by(&pool, &died);
    for job in jobs {
        let outcome = job.result();
        assert!(outcome.is_ok() || error_of(outcome).0 == Kind::BrokenPool);
    }
}

fn killed_while_it_starts() {
    let status = alone(STARTING).env(DIE, "").status().unwrap();
    assert!(status.success());
}

fn each_process_dies_while_it_starts() {
    let pool = ProcessPoolExecutor::new();
    match pool.submit(partial!(answer)) {
        Ok(job) => is_broken_by(&pool, &job),
        Err(_) => is_broken(&pool),
    }
}

fn killed_in_the_middle_of_an_argument() {
    let pool = one_process();
    let process = pool.submit(partial!(pid)).unwrap().result().unwrap();
    // Stopped, it reads no more than a socket holds.
    send(Signal::STOP, process);
    let job = pool.submit(partial!(length, vec![1; 3_000_000])).unwrap();
    while !job.running() {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(!job.done());
    send(Signal::KILL, process);
    is_broken_by(&pool, &job);
}

/// Before it is written, in the middle, or after: nobody knows, and in no case does anybody wait for ever.
fn killed_around_a_result() {
    for _ in 0..20 {
        let pool = one_process();
        let process = pool.submit(partial!(pid)).unwrap().result().unwrap();
        let now = Value::new(false).unwrap();
        let job = pool.submit(partial!(bytes, 3_000_000, now.clone())).unwrap();
        until(&now).unwrap();
        send(Signal::KILL, process);
        match job.result() {
            Ok(bytes) => assert_eq!(bytes.len(), 3_000_000),
            Err(error) => assert_eq!((error.kind(), error.message()), (Kind::BrokenPool, ABRUPTLY)),
        }
        until_gone(process);
        is_broken(&pool);
    }
}

fn killed_while_it_is_idle() {
    let pool = one_process();
    let process = pool.submit(partial!(pid)).unwrap().result().unwrap();
    send(Signal::KILL, process);
    until_gone(process);
    is_broken(&pool);
}

fn the_others_end_with_it_though_they_are_stopped() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
    let first = pool.submit(partial!(pid)).unwrap().result().unwrap();
    let other = pool.submit(partial!(wait_for, begun.clone(), may_end)).unwrap();
    until(&begun).unwrap();
    send(Signal::STOP, first);
    let died = pool.submit(partial!(stop_here)).unwrap();
    is_broken_by(&pool, &died);
    is_broken_by(&pool, &other);
    pool.shutdown(true, false);
    assert!(!lives(first));
}

/// What it runs says its number, and would go on for ever.
fn a_parent_that_is_killed() {
    let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
    let never = Value::new(false).unwrap();
    let begun = [0, 1].map(|_| Value::new(false).unwrap());
    let idle = pool.submit(partial!(pid)).unwrap().result().unwrap();
    let jobs = begun
        .each_ref()
        .map(|begun| pool.submit(partial!(wait_for, begun.clone(), never.clone())).unwrap());
    begun.iter().try_for_each(until).unwrap();
    let process = kolo::multiprocessing::Process::new(partial!(wait_for, begun[0].clone(), never.clone()));
    begun[0].set(false).unwrap();
    process.start().unwrap();
    until(&begun[0]).unwrap();
    let children = children();
    assert!(children.contains(&idle) && children.len() == 3, "{children:?}");
    println!("{}", children.iter().map(u32::to_string).collect::<Vec<_>>().join(" "));
    let _ = jobs[0].result();
}

/// The processes that this one has started, and not waited for.
pub(crate) fn children() -> Vec<u32> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let of_task = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("children")).ok();
    let all: String = tasks.filter_map(of_task).collect();
    all.split_whitespace().map(|pid| pid.parse().expect("a number")).collect()
}

fn no_process_is_left_when_the_parent_is_killed() {
    let mut parent = alone(PARENT).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pids: Vec<u32> = line.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 3, "{line}");
    assert!(pids.iter().all(|pid| lives(*pid)));
    parent.kill().unwrap();
    parent.wait().unwrap();
    pids.into_iter().for_each(until_gone);
}

pub(crate) fn lives_no_more(pid: u32) -> Result<()> {
    until_gone(pid);
    Ok(())
}

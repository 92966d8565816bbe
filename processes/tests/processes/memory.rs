//! Memory that several processes see.

use std::thread;

use kolo::multiprocessing::{Array, Process, Value};
use kolo::{Kind, ProcessPoolExecutor, Result, partial};

use crate::calls::{error_of, one_process};
use crate::functions::*;
use crate::harness::Case;

pub(crate) const CASES: &[Case] = &[
    ("no_increment_under_the_lock_is_lost", no_increment_under_the_lock_is_lost),
    (
        "threads_of_a_process_exclude_each_other",
        threads_of_a_process_exclude_each_other,
    ),
    ("a_lock_may_be_taken_again", a_lock_may_be_taken_again),
    ("a_lock_of_who_dies_is_free", a_lock_of_who_dies_is_free),
    ("an_array_has_its_elements", an_array_has_its_elements),
    ("every_type_comes_back", every_type_comes_back),
    ("it_crosses_as_an_argument_only", it_crosses_as_an_argument_only),
    ("it_lives_until_it_has_been_read", it_lives_until_it_has_been_read),
];

fn no_increment_under_the_lock_is_lost() {
    let shared = Value::new(0).unwrap();
    let pool = ProcessPoolExecutor::new().max_workers(4).unwrap();
    let jobs = pool.map(partial!(increment, shared.clone()), [250; 8]).unwrap();
    increment(shared.clone(), 250).unwrap();
    jobs.collect::<Result<Vec<()>>>().unwrap();
    assert_eq!(shared.get().unwrap(), 9 * 250);
}

fn threads_of_a_process_exclude_each_other() {
    let shared = Value::new(0).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| increment(shared.clone(), 250).unwrap());
        }
    });
    assert_eq!(shared.get().unwrap(), 1000);
}

fn a_lock_may_be_taken_again() {
    let shared = Value::new(1.5).unwrap();
    let lock = shared.get_lock();
    lock.acquire().unwrap();
    let held = lock.hold().unwrap();
    assert_eq!(shared.get().unwrap(), 1.5);
    drop(held);
    let elsewhere = thread::scope(|scope| scope.spawn(|| lock.release()).join().unwrap());
    let not_mine = (
        Kind::Runtime,
        "attempt to release recursive lock not owned by thread".to_owned(),
    );
    assert_eq!(error_of(elsewhere), not_mine);
    lock.release().unwrap();
    assert_eq!(error_of(lock.release()), not_mine);
}

fn a_lock_of_who_dies_is_free() {
    let shared = Value::new(5).unwrap();
    let process = Process::new(partial!(take_and_die, shared.clone()));
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode().unwrap(), Some(-9));
    assert_eq!(shared.get().unwrap(), 5);
}

fn an_array_has_its_elements() {
    let shared = Array::new([0.5, 1.5, 2.5]).unwrap();
    one_process()
        .submit(partial!(increment_all, shared.clone()))
        .unwrap()
        .result()
        .unwrap();
    assert_eq!(shared.to_vec().unwrap(), [1.5, 2.5, 3.5]);
    shared.set(1, 9.0).unwrap();
    shared.set_all(2, [8.0]).unwrap();
    assert_eq!((shared.get(1).unwrap(), shared.get(2).unwrap(), shared.len()), (9.0, 8.0, 3));
    let invalid = (Kind::Value, "invalid index".to_owned());
    assert_eq!(error_of(shared.get(3)), invalid);
    assert_eq!(error_of(shared.set(usize::MAX, 0.0)), invalid);
    assert_eq!(error_of(shared.set_all(2, [0.0, 0.0])), invalid);
    assert!(Array::<u8>::new([]).unwrap().is_empty());
    assert_eq!(
        format!("{:?} {:?}", shared, Value::new(3).unwrap()),
        "<Array [1.5, 9.0, 8.0]> <Value 3>"
    );
}

fn every_type_comes_back() {
    fn same<T: kolo::multiprocessing::Element + PartialEq + std::fmt::Debug>(first: T, then: T) {
        let shared = Value::new(first).unwrap();
        assert_eq!(shared.get().unwrap(), first);
        shared.set(then).unwrap();
        assert_eq!(shared.get().unwrap(), then);
    }
    same(i8::MIN, i8::MAX);
    same(i128::MIN, i128::MAX);
    same(u64::MIN, u64::MAX);
    same(f32::MIN, f32::MAX);
    same(f64::MIN_POSITIVE, f64::INFINITY);
    same(true, false);
}

fn it_crosses_as_an_argument_only() {
    let (kind, text) = error_of(one_process().submit(partial!(give_value)).unwrap().take_result());
    assert_eq!(kind, Kind::Value);
    let words = "shared objects should only be shared between processes as arguments of `partial!`";
    assert!(text.ends_with(words), "{text}");
}

fn it_lives_until_it_has_been_read() {
    let pool = one_process();
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let running = pool.submit(partial!(wait_for, begun, may_end.clone())).unwrap();
    // Nobody else has it, and the process comes to it later.
    let waiting = pool.submit(partial!(increment, Value::new(1).unwrap(), 1)).unwrap();
    may_end.set(true).unwrap();
    running.result().unwrap();
    waiting.result().unwrap();
}

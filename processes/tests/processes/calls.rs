//! What is asked for, and what comes back.

use kolo::multiprocessing::Value;
use kolo::{
    Error, IncompleteRead, Kind, LimitOverrun, OsError, ProcessPoolExecutor, Result, ReturnWhen, concurrent, gather, partial,
    run, run_in_executor, wrap_future,
};

use crate::functions::*;
use crate::harness::Case;

pub(crate) const CASES: &[Case] = &[
    ("test_submit", test_submit),
    ("test_map", test_map),
    ("test_map_exception", test_map_exception),
    ("test_max_workers_negative", test_max_workers_negative),
    ("test_traceback", test_traceback),
    ("test_idle_process_reuse_one", test_idle_process_reuse_one),
    ("test_saturation", test_saturation),
    ("test_error_at_task_pickle", test_error_at_task_pickle),
    ("test_error_at_task_unpickle", test_error_at_task_unpickle),
    ("test_error_during_func_exec_on_worker", test_error_during_func_exec_on_worker),
    (
        "test_error_during_result_pickle_on_worker",
        test_error_during_result_pickle_on_worker,
    ),
    (
        "test_error_during_result_unpickle_in_result_handler",
        test_error_during_result_unpickle_in_result_handler,
    ),
    ("every_kind_of_error_comes_back", every_kind_of_error_comes_back),
    ("what_errors_carry_comes_back", what_errors_carry_comes_back),
    ("causes_come_back", causes_come_back),
    ("a_function_that_is_not_registered", a_function_that_is_not_registered),
    ("tasks_await_processes", tasks_await_processes),
    ("a_waiting_job_is_cancelled", a_waiting_job_is_cancelled),
    ("ten_thousand_small_calls", ten_thousand_small_calls),
    ("large_arguments_and_results", large_arguments_and_results),
    ("there_is_nothing_to_read", there_is_nothing_to_read),
];

pub(crate) fn one_process() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new().max_workers(1).unwrap()
}

#[track_caller]
pub(crate) fn error_of<T>(outcome: Result<T>) -> (Kind, String) {
    let error = outcome.err().expect("an error");
    (error.kind(), error.message().to_owned())
}

fn test_submit() {
    let pool = ProcessPoolExecutor::new();
    assert_eq!(pool.submit(partial!(add, 2, 8)).unwrap().result().unwrap(), 10);
    assert_eq!(pool.submit(partial!(answer)).unwrap().result().unwrap(), 42);
    // Nothing, and one nothing.
    pool.submit(partial!(nothing, None)).unwrap().result().unwrap();
    pool.submit(partial!(nothing, Some(()))).unwrap().result().unwrap();
}

fn test_map() {
    let pool = ProcessPoolExecutor::new();
    let sums: Vec<u64> = pool.map(partial!(add, 10), 0..10).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(sums, (10..20).collect::<Vec<_>>());
}

fn test_map_exception() {
    let pool = ProcessPoolExecutor::new();
    let mut map = pool.map(partial!(fail_with_data), [0, 2, 1]).unwrap();
    assert_eq!(error_of(map.next().unwrap()).0, Kind::Io);
    assert_eq!(error_of(map.next().unwrap()).0, Kind::IncompleteRead);
    assert_eq!(error_of(map.next().unwrap()).1, "[Errno 111] Connect call failed");
    assert!(map.next().is_none());
}

fn test_max_workers_negative() {
    let expected = (Kind::Value, "max_workers must be greater than 0".to_owned());
    assert_eq!(error_of(ProcessPoolExecutor::new().max_workers(0)), expected);
}

fn test_traceback() {
    let pool = one_process();
    let error = pool.submit(partial!(fail)).unwrap().result().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Value, "bad"));
    let process = pool.submit(partial!(pid)).unwrap().result().unwrap();
    let source = include_str!("functions.rs");
    let line = 1 + source
        .lines()
        .position(|line| line.contains("the line that is looked for"))
        .unwrap();
    let place = error.source_error().expect("the place").message();
    assert!(place.contains(&format!("functions.rs:{line}:")), "{place}");
    assert!(place.ends_with(&format!(" in process {process}")), "{place}");
    // Ours would say nothing.
    assert!(error.place().is_none());
}

fn test_idle_process_reuse_one() {
    let pool = ProcessPoolExecutor::new().max_workers(4).unwrap();
    assert_eq!(format!("{pool:?}"), "<ProcessPoolExecutor processes=0 jobs=0>");
    for n in 0..5 {
        assert_eq!(pool.submit(partial!(add, n, n)).unwrap().result().unwrap(), 2 * n);
        assert_eq!(format!("{pool:?}"), "<ProcessPoolExecutor processes=1 jobs=0>");
    }
}

fn test_saturation() {
    let pool = ProcessPoolExecutor::new().max_workers(2).unwrap();
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let wait = || pool.submit(partial!(wait_for, begun.clone(), may_end.clone())).unwrap();
    let jobs: Vec<_> = (0..20).map(|_| wait()).collect();
    assert!(format!("{pool:?}").starts_with("<ProcessPoolExecutor processes=2 jobs="));
    may_end.set(true).unwrap();
    let waited = concurrent::wait(&jobs, None, ReturnWhen::AllCompleted);
    let mut pids: Vec<u32> = waited.done.iter().map(|job| job.result().unwrap()).collect();
    pids.sort();
    pids.dedup();
    assert!((1..=2).contains(&pids.len()));
}

fn test_error_at_task_pickle() {
    let pool = one_process();
    let job = pool.submit(partial!(take::<FailsToBeSent>, Odd::new())).unwrap();
    let (kind, text) = error_of(job.result_of());
    assert_eq!(kind, Kind::Value);
    assert!(text.starts_with("the arguments of type `("), "{text}");
    assert!(text.ends_with(" cannot be serialised: it stays here"), "{text}");
    still_works(&pool);
}

fn test_error_at_task_unpickle() {
    let pool = one_process();
    let (kind, text) = error_of(pool.submit(partial!(take::<Fails>, Odd::new())).unwrap().result_of());
    assert_eq!(kind, Kind::Value);
    assert!(text.ends_with(" cannot be read: it does not like to be moved"), "{text}");
    let job = pool.submit(partial!(take::<Panics>, Odd::new())).unwrap();
    assert_eq!(error_of(job.result_of()), (Kind::Panic, "moved".to_owned()));
    still_works(&pool);
}

fn test_error_during_func_exec_on_worker() {
    let pool = one_process();
    let error = pool.submit(partial!(panics)).unwrap().result().unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Panic, "oh"));
    assert_eq!(*error.take_panic().unwrap().downcast::<String>().unwrap(), "oh");
    still_works(&pool);
}

fn test_error_during_result_pickle_on_worker() {
    let pool = one_process();
    let (kind, text) = error_of(pool.submit(partial!(give::<Fails>)).unwrap().result_of());
    assert_eq!(kind, Kind::Value);
    assert!(text.starts_with("the result of type `"), "{text}");
    assert!(
        text.ends_with(" cannot be serialised: it does not like to be moved"),
        "{text}"
    );
    let job = pool.submit(partial!(give::<Panics>)).unwrap();
    assert_eq!(error_of(job.result_of()), (Kind::Panic, "moved".to_owned()));
    still_works(&pool);
}

fn test_error_during_result_unpickle_in_result_handler() {
    let pool = one_process();
    let (kind, text) = error_of(pool.submit(partial!(give::<FailsToBeRead>)).unwrap().result_of());
    assert_eq!(kind, Kind::Value);
    assert!(text.ends_with(" cannot be read: it stays there"), "{text}");
    still_works(&pool);
}

/// The result of a value that cannot be cloned.
trait ResultOf<T> {
    fn result_of(&self) -> Result<T>;
}

impl<T> ResultOf<T> for concurrent::Job<T> {
    fn result_of(&self) -> Result<T> {
        self.take_result()
    }
}

#[track_caller]
fn still_works(pool: &ProcessPoolExecutor) {
    assert_eq!(pool.submit(partial!(add, 1, 1)).unwrap().result().unwrap(), 2);
}

fn every_kind_of_error_comes_back() {
    let declared = include_str!("../../../executor/src/ground/error/kind.rs");
    let variants = declared
        .lines()
        .filter(|line| line.starts_with("    ") && line.ends_with(','));
    let names: Vec<&str> = variants.map(|line| line.trim().trim_end_matches(',')).collect();
    assert_eq!(names, KINDS.map(|kind| format!("{kind:?}")));
    let pool = one_process();
    for (number, kind) in KINDS.iter().enumerate() {
        let job = pool.submit(partial!(fail_as, number, "some text".to_owned())).unwrap();
        assert_eq!(error_of(job.result()), (*kind, "some text".to_owned()));
    }
}

fn what_errors_carry_comes_back() {
    let pool = one_process();
    let error = |number: u32| -> Error { pool.submit(partial!(fail_with_data, number)).unwrap().result().unwrap_err() };
    let system = error(0);
    assert_eq!((system.kind(), system.errno()), (Kind::Io, Some(2)));
    assert_eq!(system.message(), "No such file or directory (os error 2)");
    let own_words = error(1);
    assert_eq!(own_words.downcast_ref::<OsError>().unwrap().text, "Connect call failed");
    assert_eq!(own_words.errno(), Some(111));
    assert_eq!(error(2).downcast_ref::<IncompleteRead>().unwrap().partial, [1, 2]);
    assert_eq!(error(3).downcast_ref::<LimitOverrun>().unwrap().consumed, 64);
    let group = error(4);
    assert_eq!((group.kind(), group.message()), (Kind::Group, "several"));
    let members: Vec<_> = group
        .errors()
        .iter()
        .map(|member| (member.kind(), member.message().to_owned()))
        .collect();
    let expected = [(Kind::Value, "one"), (Kind::Timeout, ""), (Kind::Group, "inner")];
    assert_eq!(members, expected.map(|(kind, text)| (kind, text.to_owned())));
}

fn causes_come_back() {
    let pool = one_process();
    let error = pool.submit(partial!(fail_with_causes, 2)).unwrap().result().unwrap_err();
    let causes = std::iter::successors(Some(&error), |error| error.source_error());
    let kinds: Vec<_> = causes.map(|error| (error.kind(), error.message().to_owned())).collect();
    assert_eq!(kinds[..2], [(Kind::Runtime, "1".to_owned()), (Kind::Runtime, "0".to_owned())]);
    assert_eq!(kinds[2].0, Kind::Timeout);
    // One that nobody could read is cut, and crosses.
    let error = pool
        .submit(partial!(fail_with_causes, 100_000))
        .unwrap()
        .result()
        .unwrap_err();
    assert_eq!(error.message(), "99999");
}

fn a_function_that_is_not_registered() {
    let pool = ProcessPoolExecutor::new();
    let (kind, text) = error_of(pool.submit(partial!(not_registered, 1)));
    assert_eq!(kind, Kind::Runtime);
    assert!(text.starts_with("`functions::not_registered` is not registered: write `kolo::processes!(functions::add, "));
    assert!(
        text.ends_with("functions::not_registered);` as the first line of `main`"),
        "{text}"
    );
    // And nothing was started for it.
    assert_eq!(format!("{pool:?}"), "<ProcessPoolExecutor processes=0 jobs=0>");
}

fn tasks_await_processes() {
    run(async {
        let pool = ProcessPoolExecutor::new();
        let sums = gather((0..5).map(|n| run_in_executor(&pool, partial!(add, n, n)))).await?;
        assert_eq!(sums, [0, 2, 4, 6, 8]);
        assert_eq!(wrap_future(&pool.submit(partial!(answer))?).await?, 42);
        assert_eq!(error_of(run_in_executor(&pool, partial!(fail)).await).0, Kind::Value);
        assert_eq!(
            error_of(run_in_executor(&pool, partial!(not_registered, 1)).await).0,
            Kind::Runtime
        );
        Ok(())
    })
    .unwrap();
}

fn a_waiting_job_is_cancelled() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let counted = Value::new(0).unwrap();
    let pool = one_process();
    let running = pool.submit(partial!(wait_for, begun.clone(), may_end.clone())).unwrap();
    until(&begun).unwrap();
    let waiting = pool.submit(partial!(increment, counted.clone(), 1)).unwrap();
    assert!(running.running() && !running.cancel());
    assert!(waiting.cancel());
    let count = partial!(increment, counted.clone(), 1);
    let last = run(async move {
        let awaited = run_in_executor(&pool, count);
        awaited.cancel();
        assert_eq!(error_of(awaited.await).0, Kind::Cancelled);
        may_end.set(true)?;
        run_in_executor(&pool, partial!(answer)).await
    });
    assert_eq!(last.unwrap(), 42);
    running.result().unwrap();
    assert_eq!(error_of(waiting.result()).0, Kind::Cancelled);
    assert_eq!(counted.get().unwrap(), 0);
}

fn ten_thousand_small_calls() {
    let pool = ProcessPoolExecutor::new();
    let sum: u64 = pool.map(partial!(add, 1), 0..10_000).unwrap().sum::<Result<u64>>().unwrap();
    assert_eq!(sum, 50_005_000);
}

fn large_arguments_and_results() {
    let pool = one_process();
    let many = vec![0; 3_000_000];
    assert_eq!(pool.submit(partial!(length, many)).unwrap().result().unwrap(), 3_000_000);
    let now = Value::new(false).unwrap();
    let back = pool.submit(partial!(bytes, 3_000_000, now)).unwrap().result().unwrap();
    assert_eq!(back, vec![7; 3_000_000]);
}

fn there_is_nothing_to_read() {
    let pool = one_process();
    assert!(pool.submit(partial!(stdin_is_empty)).unwrap().result().unwrap());
}

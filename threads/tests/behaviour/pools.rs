//! Pools, and what threads wait for.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use kolo_executor::{Kind, Result, ReturnWhen};
use kolo_threads::{ThreadPoolExecutor, concurrent};

use crate::support::outcome::{boom, error_of, kind_of};

fn one_thread() -> ThreadPoolExecutor {
    ThreadPoolExecutor::new().max_workers(1).unwrap()
}

#[test]
fn jobs_of_one_thread_run_in_the_order_in_which_they_came() {
    let pool = one_thread();
    let seen = Arc::new(Mutex::new(Vec::new()));
    for n in 0..100 {
        let seen = seen.clone();
        let _job = pool
            .submit(move || {
                seen.lock().unwrap().push(n);
                Ok(())
            })
            .unwrap();
    }
    drop(pool);
    assert_eq!(*seen.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_thread_is_started_when_none_is_idle() {
    let pool = ThreadPoolExecutor::named("n").max_workers(2).unwrap();
    let name = || Ok(thread::current().name().map(str::to_owned));
    // The second pair is at work at the same time, in as many threads as there may be.
    let both = Arc::new(Barrier::new(2));
    let jobs: Vec<_> = (0..2)
        .map(|_| {
            let both = both.clone();
            pool.submit(move || {
                both.wait();
                name()
            })
        })
        .collect::<Result<_>>()
        .unwrap();
    let mut names: Vec<_> = jobs.iter().map(|job| job.result().unwrap().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["n_0", "n_1"]);
}

#[test]
fn map_gives_results_in_the_order_of_the_items_and_cancels_what_is_left() {
    let pool = ThreadPoolExecutor::new();
    let squares: Vec<u64> = pool.map(|n| Ok(n * n), 0..5).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(squares, [0, 1, 4, 9, 16]);

    let pool = one_thread();
    let (end, ended) = channel::<()>();
    let blocked = pool.submit(move || Ok(ended.recv().is_ok())).unwrap();
    let map = pool.map(|_: u32| -> Result<()> { unreachable!("cancelled") }, 0..3).unwrap();
    drop(map);
    end.send(()).unwrap();
    assert!(blocked.result().unwrap());
}

#[test]
fn after_its_end_a_pool_accepts_no_job() {
    let pool = ThreadPoolExecutor::new();
    pool.shutdown(true, false);
    let expected = (Kind::Runtime, "cannot schedule new futures after shutdown".to_owned());
    assert_eq!(error_of(pool.submit(|| Ok(1)).map(drop)), expected);
    let expected = (Kind::Value, "max_workers must be greater than 0".to_owned());
    assert_eq!(error_of(ThreadPoolExecutor::new().max_workers(0)), expected);
}

#[test]
fn at_its_end_jobs_that_wait_are_done_or_cancelled() {
    for cancels in [false, true] {
        let pool = one_thread();
        let (begun, has_begun) = channel();
        let (end, ended) = channel::<()>();
        let first = pool
            .submit(move || {
                begun.send(())?;
                Ok(ended.recv().is_ok())
            })
            .unwrap();
        let second = pool.submit(|| Ok(2)).unwrap();
        has_begun.recv().unwrap();
        pool.shutdown(false, cancels);
        assert_eq!(second.cancelled(), cancels);
        end.send(()).unwrap();
        assert!(first.result().unwrap());
        match cancels {
            true => assert_eq!(kind_of(second.result()), Kind::Cancelled),
            false => assert_eq!(second.result().unwrap(), 2),
        }
    }
}

#[test]
fn a_pool_may_be_dropped_in_one_of_its_own_jobs() {
    let pool = Arc::new(one_thread());
    let (give, given) = channel::<Arc<ThreadPoolExecutor>>();
    let job = pool.submit(move || given.recv().map(drop).map_err(Into::into)).unwrap();
    give.send(pool).unwrap();
    job.result().unwrap();
}

#[test]
fn a_future_tells_how_its_job_stands() {
    let pool = one_thread();
    let (begun, has_begun) = channel();
    let (end, ended) = channel::<()>();
    let running = pool
        .submit(move || {
            begun.send(())?;
            Ok(ended.recv().is_ok())
        })
        .unwrap();
    let queued = pool.submit(|| -> Result<()> { unreachable!("cancelled") }).unwrap();
    has_begun.recv().unwrap();
    assert!(running.running() && !running.done() && !running.cancel());
    assert_eq!(kind_of(running.result_timeout(Duration::from_millis(1))), Kind::Timeout);
    assert!(!queued.running() && queued.cancel() && queued.cancel() && queued.done());
    assert_eq!(kind_of(queued.error()), Kind::Cancelled);
    end.send(()).unwrap();
    assert!(running.result().unwrap() && running.done() && !running.cancel());
    assert_eq!(
        format!("{running:?} {queued:?}"),
        "<Job state=finished returned bool> <Job state=cancelled>"
    );
    assert!(running.take_result().unwrap());
    assert_eq!(kind_of(running.take_result()), Kind::InvalidState);
    assert_eq!(kind_of(running.result()), Kind::InvalidState);
    assert!(running.error().unwrap().is_none());
}

#[test]
fn callbacks_are_called_in_order_and_at_once_when_it_is_done() {
    let pool = one_thread();
    let (go, gone) = channel::<()>();
    let job = pool.submit(move || Ok(gone.recv().is_ok())).unwrap();
    let (tell, told) = channel();
    for n in 0..3 {
        let tell = tell.clone();
        job.add_done_callback(move |job| tell.send((n, job.done())).unwrap());
    }
    job.add_done_callback(|_| panic!("told of on standard error"));
    go.send(()).unwrap();
    assert!(job.result().unwrap());
    drop(pool);
    job.add_done_callback(move |job| tell.send((3, job.done())).unwrap());
    assert_eq!(told.iter().collect::<Vec<_>>(), [(0, true), (1, true), (2, true), (3, true)]);
}

#[test]
fn several_are_waited_for_as_asked() {
    let pool = ThreadPoolExecutor::new().max_workers(3).unwrap();
    let (end, ended) = channel::<()>();
    let slow = pool.submit(move || Ok(u32::from(ended.recv().is_ok()))).unwrap();
    let fails = pool.submit(|| Err(boom("job"))).unwrap();
    let both = [slow.clone(), fails.clone(), slow.clone()];
    for when in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException] {
        let waited = concurrent::wait(&both, None, when);
        assert_eq!((waited.done.len(), waited.not_done.len()), (1, 1), "{when:?}");
        assert_eq!(kind_of(waited.done[0].result()), Kind::Other);
    }
    let waited = concurrent::wait(&both, Some(Duration::from_millis(1)), ReturnWhen::AllCompleted);
    assert_eq!(waited.not_done.len(), 1);

    let mut ends = concurrent::as_completed(&both);
    assert_eq!(kind_of(ends.next().unwrap().result()), Kind::Other);
    let late = ends.next_timeout(Duration::from_millis(1));
    assert_eq!(error_of(late), (Kind::Timeout, "1 (of 2) futures unfinished".to_owned()));
    end.send(()).unwrap();
    assert_eq!(ends.next().unwrap().result().unwrap(), 1);
    assert!(ends.next().is_none());
    let waited = concurrent::wait(&both, None, ReturnWhen::AllCompleted);
    assert_eq!((waited.done.len(), waited.not_done.len()), (2, 0));
}

#[test]
fn map_waits_so_long_and_ends_with_what_is_late() {
    let pool = one_thread();
    let (end, ended) = channel::<()>();
    let ended = Mutex::new(ended);
    let call = move |n: u32| match n {
        0 => Ok(n),
        _ => Ok(ended.lock().unwrap().recv().map_or(n, |()| n)),
    };
    let mut map = pool.map(call, 0..3).unwrap().timeout(Duration::from_secs(3600));
    assert_eq!(map.size_hint(), (1, Some(3)));
    assert_eq!(map.next().unwrap().unwrap(), 0);
    let mut map = map.timeout(Duration::ZERO);
    assert_eq!(kind_of(map.next().unwrap()), Kind::Timeout);
    assert!(map.next().is_none() && format!("{map:?}") == "<Map of 0 jobs>");
    // The second goes on, the third was cancelled: nobody has to end it.
    end.send(()).unwrap();
    pool.shutdown(true, false);
    assert_eq!(end.send(()).unwrap_err().to_string(), "sending on a closed channel");
}

#[test]
fn each_thread_begins_with_the_initializer() {
    thread_local! {
        static WORD: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
    }
    let begin = || {
        WORD.set(thread::current().name().unwrap_or_default().to_owned());
        Ok(())
    };
    let pool = ThreadPoolExecutor::named("begun").max_workers(2).unwrap().initializer(begin);
    let both = Arc::new(Barrier::new(2));
    let call = move |_: u32| {
        both.wait();
        Ok(WORD.with_borrow(String::clone))
    };
    let mut words: Vec<String> = pool.map(call, 0..2).unwrap().collect::<Result<_>>().unwrap();
    words.sort();
    assert_eq!(words, ["begun_0", "begun_1"]);
}

#[test]
fn a_pool_whose_initializer_fails_is_broken() {
    let words = "A thread initializer failed, the thread pool is not usable anymore";
    let expected = (Kind::Runtime, words.to_owned());
    for panics in [false, true] {
        let (go, gone) = channel::<()>();
        let gone = Mutex::new(gone);
        let begin = move || {
            let _ = gone.lock().unwrap().recv();
            if panics {
                panic!("initializer")
            } else {
                Err(boom("initializer"))
            }
        };
        let pool = one_thread().initializer(begin);
        let jobs: Vec<_> = (0..3).map(|n| pool.submit(move || Ok(n)).unwrap()).collect();
        assert!(jobs[2].cancel());
        go.send(()).unwrap();
        for job in &jobs[..2] {
            assert_eq!(error_of(job.result()), expected);
        }
        assert!(jobs[2].cancelled());
        assert_eq!(error_of(pool.submit(|| Ok(0))), expected);
    }
}

#[test]
fn an_executor_of_ones_own_completes_its_jobs() {
    let job = concurrent::Job::new();
    let (tell, told) = channel();
    job.add_done_callback(move |job| tell.send(job.result().unwrap()).unwrap());
    assert!(job.set_running_or_notify_cancel() && job.running());
    job.complete(Ok(1)).unwrap();
    assert_eq!(told.recv(), Ok(1));
    let refused = (
        Kind::InvalidState,
        "<Job state=finished returned i32> is done already".to_owned(),
    );
    assert_eq!(error_of(job.complete(Ok(2))), refused);
    let job = concurrent::Job::<i32>::default();
    assert!(job.cancel() && !job.set_running_or_notify_cancel());
    assert_eq!(kind_of(job.complete(Ok(2))), Kind::InvalidState);
}

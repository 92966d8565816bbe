//! sleep and wait.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{EventLoop, Kind, Result, ReturnWhen, Task, create_task, running_loop, sleep, sleep_with, wait};

use crate::support::outcome::{boom, error_of, kind_of};
use crate::support::runs::virtual_loop;

#[test]
fn test_sleep() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        sleep(0.05).await?;
        sleep_with(0.05, "yeah").await
    });
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), "yeah");
    assert_eq!(event_loop.time(), 0.1);
}

#[test]
fn test_sleep_zero() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let log = trace.clone();
    let outcome = event_loop.run_until_complete(async move {
        log.start();
        let callback = log.clone();
        running_loop().call_soon(move || callback.log_iteration("callback"));
        let value = sleep_with(0, 10).await?;
        log.log_iteration("slept");
        Ok(value)
    });
    assert_eq!(outcome.unwrap(), 10);
    assert_eq!(trace.take(), ["+1 callback", "+1 slept"]);
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn test_sleep_when_delay_is_nan() {
    let event_loop = virtual_loop();
    let outcome = error_of(event_loop.run_until_complete(sleep(f64::NAN)));
    assert_eq!(outcome, (Kind::Value, "Invalid delay: NaN (not a number)".to_owned()));
}

/// Waits for two sleepers, the later one given first, and tells which are done, and when.
fn wait_for_two(
    delays: [f64; 2],
    waiting: impl FnOnce([Task<()>; 2]) -> kolo_executor::Wait<Task<()>> + 'static,
) -> (EventLoop, [Task<()>; 2], [Vec<&'static str>; 2]) {
    let event_loop = virtual_loop();
    let a = event_loop.create_task(sleep(delays[0]));
    let b = event_loop.create_task(sleep(delays[1]));
    let given = [b.clone(), a.clone()];
    let (done, pending) = event_loop.run_until_complete(async move { waiting(given).await }).unwrap();
    let named = [done, pending].map(|list| list.iter().map(|task| if task.ptr_eq(&a) { "a" } else { "b" }).collect());
    (event_loop, [a, b], named)
}

#[test]
fn test_wait() {
    let (event_loop, [a, b], [done, pending]) = wait_for_two([0.1, 0.15], wait);
    assert_eq!((done, pending), (vec!["b", "a"], vec![]));
    assert_eq!(event_loop.time(), 0.15);

    // Of those that are done, too: it takes no time, but two iterations, and that in which the loop is told to stop.
    let before = event_loop.iterations();
    let (done, pending) = event_loop.run_until_complete(async move { wait([b, a]).await }).unwrap();
    assert_eq!((done.len(), pending.len()), (2, 0));
    assert_eq!((event_loop.time(), event_loop.iterations() - before), (0.15, 4));
}

#[test]
fn test_wait_duplicate_coroutines() {
    let results = run(async {
        let ham = create_task(async { Ok("ham") });
        let spam = create_task(async { Ok("spam") });
        let (done, pending) = wait([&ham, &ham, &spam]).await?;
        assert!(pending.is_empty());
        Ok(done.into_iter().map(|task| task.result().unwrap()).collect::<Vec<_>>())
    });
    assert_eq!(results.unwrap(), ["ham", "spam"]);
}

#[test]
fn test_wait_errors() {
    let event_loop = virtual_loop();
    let nothing: [Task<()>; 0] = [];
    let outcome = error_of(event_loop.run_until_complete(async move { wait(nothing).await.map(|_| ()) }));
    assert_eq!(outcome, (Kind::Value, "Set of Tasks/Futures is empty.".to_owned()));
}

#[test]
fn test_wait_first_completed() {
    let (event_loop, [a, b], [done, pending]) =
        wait_for_two([10.0, 0.1], |tasks| wait(tasks).return_when(ReturnWhen::FirstCompleted));
    assert_eq!((done, pending), (vec!["b"], vec!["a"]));
    assert!(!a.done());
    b.result().unwrap();
    assert_eq!(event_loop.time(), 0.1);
    event_loop.run_until_complete(&a).unwrap();
    assert_eq!(event_loop.time(), 10.0);
}

#[test]
fn test_wait_really_done() {
    // A task that ends while the wait is on its way back is among those that are done.
    let event_loop = virtual_loop();
    let a = event_loop.create_task(sleep(0));
    let b = event_loop.create_task(async {
        sleep(0).await?;
        sleep(0).await
    });
    let (done, pending) = event_loop
        .run_until_complete(async move { wait([b, a]).return_when(ReturnWhen::FirstCompleted).await })
        .unwrap();
    assert_eq!((done.len(), pending.len()), (2, 0));
}

/// Waits for the first failure among a long sleeper and `failing`; tells when that was.
fn wait_for_failure(failing: impl Future<Output = Result<()>> + 'static) -> f64 {
    let event_loop = virtual_loop();
    let a = event_loop.create_task(sleep(10));
    let b = event_loop.create_task(failing);
    let given = [b.clone(), a.clone()];
    let (done, pending) = event_loop
        .run_until_complete(async move { wait(given).return_when(ReturnWhen::FirstException).await })
        .unwrap();
    assert!(done.len() == 1 && done[0].ptr_eq(&b));
    assert!(pending.len() == 1 && pending[0].ptr_eq(&a));
    assert_eq!(error_of(b.result()), (Kind::Other, "err".to_owned()));
    assert!(!a.done());
    event_loop.time()
}

#[test]
fn test_wait_first_exception() {
    assert_eq!(wait_for_failure(async { Err(boom("err")) }), 0.0);
}

#[test]
fn test_wait_first_exception_in_wait() {
    let failing = async {
        sleep(0.01).await?;
        Err(boom("err"))
    };
    assert_eq!(wait_for_failure(failing), 0.01);
}

#[test]
fn test_wait_with_exception() {
    let event_loop = virtual_loop();
    let a = event_loop.create_task(sleep(0.1));
    let b = event_loop.create_task(async {
        sleep(0.15).await?;
        Err::<(), _>(boom("really"))
    });
    for _ in 0..2 {
        let given = [b.clone(), a.clone()];
        let failed = event_loop.run_until_complete(async move {
            let (done, pending) = wait(given).await?;
            assert_eq!((done.len(), pending.len()), (2, 0));
            Ok(done.iter().filter(|task| task.error().unwrap().is_some()).count())
        });
        assert_eq!(failed.unwrap(), 1);
        assert_eq!(event_loop.time(), 0.15);
    }
}

#[test]
fn test_wait_with_timeout() {
    let (event_loop, [_, b], [done, pending]) = wait_for_two([0.1, 0.15], |tasks| wait(tasks).timeout(0.11));
    assert_eq!((done, pending), (vec!["a"], vec!["b"]));
    assert_eq!(event_loop.time(), 0.11);
    assert_eq!(b.cancelling(), 0);
    event_loop.run_until_complete(b).unwrap();
    assert_eq!(event_loop.time(), 0.15);
}

#[test]
fn test_wait_concurrent_complete() {
    let (event_loop, _, [done, pending]) = wait_for_two([0.1, 0.15], |tasks| wait(tasks).timeout(0.1));
    assert_eq!((done, pending), (vec!["a"], vec!["b"]));
    assert_eq!(event_loop.time(), 0.1);
}

#[test]
fn test_wait_with_iterator_of_tasks() {
    let (event_loop, _, [done, pending]) = wait_for_two([0.1, 0.15], |tasks| wait(tasks.into_iter().rev()));
    assert_eq!((done, pending), (vec!["a", "b"], vec![]));
    assert_eq!(event_loop.time(), 0.15);
}

#[test]
fn test_wait_generator() {
    let values = run(async {
        let (done, pending) = wait((0..10).map(|number| create_task(async move { Ok(number) }))).await?;
        assert!(pending.is_empty());
        Ok(done.iter().map(|task| task.result().unwrap()).collect::<Vec<_>>())
    });
    assert_eq!(values.unwrap(), (0..10).collect::<Vec<_>>());
}

#[test]
fn test_wait_invalid_args() {
    // A promise that is no collection is refused by the compiler; an empty one is an error.
    let refused = run(async { wait(Vec::<Task<()>>::new()).await.map(|_| ()) });
    assert_eq!(kind_of(refused), Kind::Value);
}

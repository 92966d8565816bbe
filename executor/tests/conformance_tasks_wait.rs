//! CPython's test_tasks: sleep, wait and as_completed. One test for each case, under the case's name.

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::{Trace, boom, error_of, kind_of, panic_of, run, tick, virtual_loop};
use kolo_executor::{
    AsCompleted, EnsureFuture, EventLoop, Kind, Result, ReturnWhen, Task, Turn, as_completed, create_task, running_loop, sleep,
    sleep_with, wait, wait_for,
};

// sleep.

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
        running_loop().call_soon(move || callback.tick("callback"));
        let value = sleep_with(0, 10).await?;
        log.tick("slept");
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

#[test]
fn test_sleep_forever() {
    let event_loop = virtual_loop();
    let forever = event_loop.create_task(sleep(f64::INFINITY));
    assert_eq!(
        event_loop.turn().unwrap(),
        Turn::Io,
        "no clock gets there, the virtual one neither"
    );
    let outcome = event_loop.run_until_complete(async { wait_for(sleep(f64::INFINITY), 5).await });
    assert_eq!((kind_of(outcome), event_loop.time()), (Kind::Timeout, 5.0));
    forever.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(forever)), Kind::Cancelled);
    assert_eq!((event_loop.turn().unwrap(), event_loop.time()), (Turn::Done, 5.0));
}

// wait.

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

// as_completed.

/// The outcomes in the order of `next`, each with its time.
async fn in_turn<A: EnsureFuture<Value = &'static str>>(mut results: AsCompleted<A>) -> Result<Vec<String>> {
    let mut seen = Vec::new();
    while let Some(outcome) = results.next().await {
        let now = running_loop().time();
        seen.push(match outcome {
            Ok(value) => format!("{now} {value}"),
            Err(error) => format!("{now} {:?}", error.kind()),
        });
    }
    Ok(seen)
}

/// The same through the handles; the first error ends it.
async fn by_handles<A>(mut results: AsCompleted<A>) -> Result<Vec<String>>
where
    A: EnsureFuture<Value = &'static str, Handle = Task<&'static str>>,
{
    let mut seen = Vec::new();
    loop {
        let next = results.next_done().await;
        let now = running_loop().time();
        match next {
            Ok(Some(task)) => seen.push(format!("{now} {}", task.await?)),
            Ok(None) => return Ok(seen),
            Err(error) => {
                seen.push(format!("{now} {:?}", error.kind()));
                return Ok(seen);
            }
        }
    }
}

#[test]
fn test_as_completed() {
    let sleepers = || as_completed([(0.01, "b"), (0.15, "c"), (0.01, "a")].map(|(delay, name)| sleep_with(delay, name)));
    let expected = ["0.01 b", "0.01 a", "0.15 c"];
    assert_eq!(run(async move { in_turn(sleepers()).await }).unwrap(), expected);
    assert_eq!(run(async move { by_handles(sleepers()).await }).unwrap(), expected);
}

#[test]
fn test_as_completed_same_tasks_in_as_out() {
    run(async {
        let tasks = ["b", "d"].map(|name| create_task(async move { Ok(name) }));
        let mut results = as_completed(&tasks);
        for task in &tasks {
            let handle = results.next_done().await?.unwrap();
            assert!(handle.ptr_eq(task));
        }
        assert!(results.next_done().await?.is_none());

        // A coroutine comes out as its task.
        let mut results = as_completed([async { Ok(0) }]);
        let task: Task<i32> = results.next_done().await?.unwrap();
        assert_eq!(task.await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_as_completed_with_timeout() {
    let event_loop = virtual_loop();
    let tasks = move |event_loop: &EventLoop| {
        [(0.1, "a"), (0.15, "b")].map(|(delay, name)| event_loop.create_task(sleep_with(delay, name)))
    };
    let given = tasks(&event_loop);
    let [_, late] = given.clone();
    let seen = event_loop.run_until_complete(async move { in_turn(as_completed(given).timeout(0.12)).await });
    assert_eq!(seen.unwrap(), ["0.1 a", "0.12 Timeout"]);
    assert_eq!((late.done(), late.cancelling()), (false, 0));
    assert_eq!(event_loop.run_until_complete(late).unwrap(), "b");

    let event_loop = virtual_loop();
    let given = tasks(&event_loop);
    let seen = event_loop.run_until_complete(async move { by_handles(as_completed(given).timeout(0.12)).await });
    assert_eq!(seen.unwrap(), ["0.1 a", "0.12 Timeout"]);
}

#[test]
fn test_as_completed_with_unused_timeout() {
    for by_handle in [false, true] {
        let event_loop = virtual_loop();
        let seen = event_loop.run_until_complete(async move {
            let results = as_completed([sleep_with(0.01, "a")]).timeout(1);
            if by_handle {
                by_handles(results).await
            } else {
                in_turn(results).await
            }
        });
        assert_eq!(seen.unwrap(), ["0.01 a"]);
        assert_eq!(event_loop.turn().unwrap(), Turn::Done, "no timer is left");
        event_loop.close().unwrap();
    }
}

#[test]
fn test_as_completed_resume_iterator() {
    async fn value(number: i32) -> Result<i32> {
        Ok(number)
    }
    let collected = run(async {
        let mut results = as_completed([0, 1, 2, 3].map(value));
        let mut collected = Vec::new();
        for _ in 0..2 {
            collected.push(results.next().await.unwrap()?);
        }
        sleep(0).await?;
        while let Some(outcome) = results.next().await {
            collected.push(outcome?);
        }
        Ok(collected)
    });
    assert_eq!(collected.unwrap(), [0, 1, 2, 3]);
}

#[test]
fn test_as_completed_reverse_wait() {
    // A `next` that was made and not awaited has taken nothing: the first that is awaited gets the first outcome.
    let event_loop = virtual_loop();
    let seen = event_loop.run_until_complete(async {
        let mut results = as_completed([sleep_with(0.05, "a"), sleep_with(0.1, "b")]);
        drop(results.next());
        in_turn(results).await
    });
    assert_eq!(seen.unwrap(), ["0.05 a", "0.1 b"]);
}

#[test]
fn test_as_completed_concurrent() {
    // One `next` at a time is under way; the handles that it gave can be awaited together.
    let event_loop = virtual_loop();
    let values = event_loop.run_until_complete(async {
        let mut results = as_completed([sleep_with(0.05, "a"), sleep_with(0.05, "b")]);
        let mut handles = Vec::new();
        while let Some(handle) = results.next_done().await? {
            handles.push(handle);
        }
        let (done, pending) = wait(handles).await?;
        assert!(pending.is_empty());
        Ok(done.iter().map(|task| task.result().unwrap()).collect::<Vec<_>>())
    });
    assert_eq!(values.unwrap(), ["a", "b"]);
    assert_eq!(event_loop.time(), 0.05);
}

#[test]
fn test_as_completed_duplicate_coroutines() {
    for by_handle in [false, true] {
        let seen = run(async move {
            let ham = create_task(async { Ok("ham") });
            let spam = create_task(async { Ok("spam") });
            let results = as_completed([&ham, &ham, &spam]);
            if by_handle {
                by_handles(results).await
            } else {
                in_turn(results).await
            }
        });
        assert_eq!(seen.unwrap(), ["0 ham", "0 spam"]);
    }
}

#[test]
fn test_as_completed_coroutine_without_loop() {
    let began = Rc::new(Cell::new(false));
    let flag = began.clone();
    let coroutine = async move {
        flag.set(true);
        Ok(42)
    };
    let message = panic_of(|| as_completed([coroutine]));
    let expected = "as_completed: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`";
    assert_eq!(message, expected);
    assert!(!began.get());
}

#[test]
fn test_as_completed_coroutine_use_running_loop() {
    let event_loop = virtual_loop();
    let values = event_loop.run_until_complete(async {
        let mut results = as_completed([async { Ok(42) }]);
        let first = results.next().await.unwrap()?;
        assert!(results.next().await.is_none());
        Ok(first)
    });
    assert_eq!(values.unwrap(), 42);
    tick(&event_loop);
    assert_eq!(event_loop.all_tasks(), []);
}

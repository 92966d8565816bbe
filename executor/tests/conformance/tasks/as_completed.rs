//! as_completed.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{run, tick};
use kolo_executor::{
    AsCompleted, EnsureFuture, EventLoop, Result, Task, Turn, as_completed, create_task, running_loop, sleep, sleep_with, wait,
};

use crate::support::outcome::panic_of;
use crate::support::runs::virtual_loop;

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

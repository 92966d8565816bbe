//! `QueueGetTests`: getting.

use kolo_executor::testing::run;
use kolo_executor::{Kind, create_task, running_loop, sleep, task_group, wait_for};
use kolo_sync::{Event, Queue};

use super::{get, put};
use crate::support::outcome::{kind_of, text};
use crate::support::runs::traced;

#[test]
fn test_blocking_get() {
    run(async {
        let queue = Queue::new(0);
        queue.put_nowait(1)?;
        let before = running_loop().iterations();
        assert_eq!(queue.get().await?, 1);
        assert_eq!(running_loop().iterations(), before, "nobody has to wait");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_get_with_putters() {
    let events = traced(async |trace| {
        let queue = Queue::new(1);
        queue.put(1).await?;
        let putter = create_task(put(queue.clone(), trace.clone(), 2));
        sleep(0).await?;
        assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[1] _putters[1] tasks=1>");
        get(queue.clone(), trace.clone(), "main").await?;
        assert_eq!(text(&queue), "<Queue maxsize=1 tasks=1>", "the putter is woken");
        putter.await
    });
    assert_eq!(events, ["+1 main: Ok(1)", "+2 put 2: Ok(())"]);
}

#[test]
fn test_blocking_get_wait() {
    run(async {
        let queue = Queue::new(0);
        let started = Event::new();
        let task = create_task({
            let (queue, started) = (queue.clone(), started.clone());
            async move {
                started.set();
                queue.get().await
            }
        });
        started.wait().await?;
        assert!(!task.done());
        let before = running_loop().time();
        running_loop().call_later(0.01, move || queue.put_nowait(1).expect("room"));
        assert_eq!(task.await?, 1);
        assert_eq!(running_loop().time(), before + 0.01);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_nonblocking_get() {
    let queue = Queue::new(0);
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait().unwrap(), 1);
}

#[test]
fn test_nonblocking_get_exception() {
    let queue = Queue::<u32>::new(0);
    assert_eq!(kind_of(queue.get_nowait()), Kind::QueueEmpty);
    assert_eq!(text(&queue), "<Queue maxsize=0>");
}

#[test]
fn test_get_with_waiting_putters() {
    let events = traced(async |trace| {
        let queue = Queue::new(1);
        create_task(put(queue.clone(), trace.clone(), 1));
        create_task(put(queue.clone(), trace.clone(), 2));
        get(queue.clone(), trace.clone(), "main").await?;
        get(queue, trace, "main").await?;
        Ok(())
    });
    assert_eq!(
        events,
        ["+1 put 1: Ok(())", "+2 main: Ok(1)", "+3 put 2: Ok(())", "+4 main: Ok(2)"]
    );
}

#[test]
fn test_why_are_getters_waiting() {
    let events = traced(async |trace| {
        let queue = Queue::new(1);
        task_group(async |group| {
            let (puts, gets) = ((queue.clone(), trace.clone()), (queue.clone(), trace.clone()));
            group.create_task(async move {
                for item in 0..5 {
                    put(puts.0.clone(), puts.1.clone(), item).await?;
                }
                Ok(())
            })?;
            group.create_task(async move {
                for _ in 0..5 {
                    get(gets.0.clone(), gets.1.clone(), "consumer").await?;
                }
                Ok(())
            })?;
            Ok(())
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 put 0: Ok(())",
            "+1 consumer: Ok(0)",
            "+2 put 1: Ok(())",
            "+3 consumer: Ok(1)",
            "+4 put 2: Ok(())",
            "+5 consumer: Ok(2)",
            "+6 put 3: Ok(())",
            "+7 consumer: Ok(3)",
            "+8 put 4: Ok(())",
            "+9 consumer: Ok(4)"
        ]
    );
}

#[test]
fn test_cancelled_getters_not_being_held_in_self_getters() {
    run(async {
        let queue = Queue::<u32>::new(5);
        assert_eq!(kind_of(wait_for(queue.get(), 0.1).await), Kind::Timeout);
        assert_eq!(text(&queue), "<Queue maxsize=5>");
        Ok(())
    })
    .unwrap();
}

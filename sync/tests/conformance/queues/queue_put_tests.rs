//! `QueuePutTests`: putting.

use kolo_executor::testing::run;
use kolo_executor::{Kind, create_task, running_loop, sleep, task_group};
use kolo_sync::{Event, Queue};

use super::{get, put};
use crate::support::outcome::{kind_of, text};
use crate::support::runs::traced;

#[test]
fn test_blocking_put() {
    run(async {
        let queue = Queue::new(0);
        let before = running_loop().iterations();
        for item in 0..100 {
            queue.put(item).await?;
        }
        assert_eq!(running_loop().iterations(), before, "there is always room");
        assert_eq!(queue.get().await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_blocking_put_wait() {
    run(async {
        let queue = Queue::new(1);
        let started = Event::new();
        let before = running_loop().time();
        let getter = queue.clone();
        running_loop().call_later(0.01, move || assert_eq!(getter.get_nowait().expect("an item"), 1));
        let task = create_task({
            let (queue, started) = (queue.clone(), started.clone());
            async move {
                started.set();
                queue.put(1).await?;
                queue.put(2).await
            }
        });
        started.wait().await?;
        assert!(!task.done());
        task.await?;
        assert_eq!(running_loop().time(), before + 0.01);
        assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[2] tasks=2>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_get_cancel_drop_one_pending_reader() {
    let events = traced(async |trace| {
        let queue = Queue::new(0);
        let reader = create_task(get(queue.clone(), trace.clone(), "reader"));
        sleep(0).await?;
        queue.put_nowait(1)?;
        queue.put_nowait(2)?;
        reader.cancel();
        assert_eq!(kind_of(reader.await), Kind::Cancelled);
        trace.log_iteration(text(&queue));
        create_task(get(queue, trace, "second reader")).await?;
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+2 reader: Err(Cancelled)",
            "+3 <Queue maxsize=0 _queue=[1, 2] tasks=2>",
            "+4 second reader: Ok(1)"
        ]
    );
}

#[test]
fn test_get_cancel_drop_many_pending_readers() {
    let events = traced(async |trace| {
        let queue = Queue::new(0);
        task_group(async |group| {
            let mut readers = Vec::new();
            for name in ["first", "second", "third"] {
                readers.push(group.create_task(get(queue.clone(), trace.clone(), name))?);
            }
            sleep(0).await?;
            queue.put_nowait(1)?;
            queue.put_nowait(2)?;
            readers[0].cancel();
            assert_eq!(kind_of((&readers[0]).await), Kind::Cancelled);
            (&readers[2]).await?;
            Ok(())
        })
        .await
    });
    assert_eq!(events, ["+2 first: Err(Cancelled)", "+2 second: Ok(1)", "+3 third: Ok(2)"]);
}

#[test]
fn test_nonblocking_put_exception() {
    let queue = Queue::new(1);
    queue.put_nowait(1).unwrap();
    assert_eq!(kind_of(queue.put_nowait(2)), Kind::QueueFull);
    assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[1] tasks=1>", "nothing has changed");
}

#[test]
fn test_put_cancelled() {
    let events = traced(async |trace| {
        let queue = Queue::new(0);
        let putter = create_task(put(queue.clone(), trace.clone(), 1));
        get(queue, trace, "main").await?;
        assert!(putter.done());
        Ok(())
    });
    assert_eq!(events, ["+1 put 1: Ok(())", "+2 main: Ok(1)"]);
}

#[test]
fn test_put_cancelled_race() {
    let events = traced(async |trace| {
        let queue = Queue::new(1);
        let [a, b, c] = [1, 2, 3].map(|item| create_task(put(queue.clone(), trace.clone(), item)));
        sleep(0).await?;
        assert!(a.done());
        assert!(!b.done());
        c.cancel();
        sleep(0).await?;
        assert!(c.cancelled());
        assert_eq!(queue.get_nowait()?, 1);
        sleep(0).await?;
        assert_eq!(queue.get_nowait()?, 2);
        b.await
    });
    assert_eq!(events, ["+1 put 1: Ok(())", "+2 put 3: Err(Cancelled)", "+3 put 2: Ok(())"]);
}

#[test]
fn test_put_with_waiting_getters() {
    let events = traced(async |trace| {
        let queue = Queue::new(0);
        let getter = create_task(get(queue.clone(), trace.clone(), "getter"));
        sleep(0).await?;
        put(queue, trace, 1).await?;
        assert_eq!(getter.await?, 1);
        Ok(())
    });
    assert_eq!(events, ["+1 put 1: Ok(())", "+2 getter: Ok(1)"]);
}

#[test]
fn test_why_are_putters_waiting() {
    let events = traced(async |trace| {
        let queue = Queue::new(2);
        task_group(async |group| {
            let (items, log) = (queue.clone(), trace.clone());
            group.create_task(async move {
                sleep(0).await?;
                for _ in 0..items.qsize() {
                    log.log_iteration(format_args!("got {}", items.get_nowait()?));
                }
                Ok(())
            })?;
            for item in 0..4 {
                group.create_task(put(queue.clone(), trace.clone(), item))?;
            }
            Ok(())
        })
        .await?;
        trace.log_iteration(text(&queue));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 put 0: Ok(())",
            "+1 put 1: Ok(())",
            "+2 got 0",
            "+2 got 1",
            "+3 put 2: Ok(())",
            "+3 put 3: Ok(())",
            "+5 <Queue maxsize=2 _queue=[2, 3] tasks=4>"
        ]
    );
}

#[test]
fn test_cancelled_put_silence_value_error_exception() {
    let events = traced(async |trace| {
        let queue = Queue::new(1);
        queue.put_nowait(1)?;
        let putter = create_task(put(queue.clone(), trace.clone(), 2));
        sleep(0).await?;
        queue.get_nowait()?;
        putter.cancel();
        assert_eq!(kind_of(putter.await), Kind::Cancelled);
        trace.log_iteration(text(&queue));
        Ok(())
    });
    assert_eq!(events, ["+2 put 2: Err(Cancelled)", "+3 <Queue maxsize=1 tasks=1>"]);
}

//! `QueueBasicTests`: what a queue shows, and its size.

use kolo_executor::testing::run;
use kolo_executor::{create_task, running_loop, sleep, task_group};
use kolo_sync::Queue;

use super::{get, put};
use crate::support::outcome::text;
use crate::support::runs::traced;

#[test]
fn test_repr() {
    let events = traced(async |trace| {
        let queue = Queue::new(0);
        trace.log_iteration(text(&queue));
        let getter = task_group(async |group| {
            let getter = group.create_task(get(queue.clone(), trace.clone(), "getter"))?;
            sleep(0).await?;
            trace.log_iteration(text(&queue));
            queue.put_nowait(0)?;
            Ok(getter)
        })
        .await?;
        assert_eq!(getter.await?, 0);

        let queue = Queue::new(1);
        queue.put_nowait(1)?;
        task_group(async |group| {
            group.create_task(put(queue.clone(), trace.clone(), 2))?;
            sleep(0).await?;
            trace.log_iteration(text(&queue));
            assert_eq!(queue.get_nowait()?, 1);
            Ok(())
        })
        .await?;
        trace.log_iteration(text(&queue));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+0 <Queue maxsize=0>",
            "+1 <Queue maxsize=0 _getters[1]>",
            "+2 getter: Ok(0)",
            "+5 <Queue maxsize=1 _queue=[1] _putters[1] tasks=1>",
            "+6 put 2: Ok(())",
            "+8 <Queue maxsize=1 _queue=[2] tasks=2>"
        ]
    );
}

#[test]
fn test_str() {
    // There is no form with an address, and so one form only.
    let queue = Queue::new(3);
    assert_eq!(text(&queue), "<Queue maxsize=3>");
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    assert_eq!(text(&queue), "<Queue maxsize=3 _queue=[1, 2] tasks=2>");
    queue.get_nowait().unwrap();
    assert_eq!(text(&queue), "<Queue maxsize=3 _queue=[2] tasks=2>");
}

#[test]
fn test_empty() {
    run(async {
        let before = running_loop().iterations();
        let queue = Queue::new(0);
        assert!(queue.empty());
        queue.put(1).await?;
        assert!(!queue.empty());
        assert_eq!(queue.get().await?, 1);
        assert!(queue.empty());
        assert_eq!(running_loop().iterations(), before, "nobody has to wait");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_order() {
    run(async {
        let queue = Queue::new(0);
        for item in [1, 3, 2] {
            queue.put(item).await?;
        }
        assert_eq!([queue.get().await?, queue.get().await?, queue.get().await?], [1, 3, 2]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_maxsize() {
    let events = traced(async |trace| {
        let queue = Queue::new(2);
        assert_eq!(queue.maxsize(), 2);
        let putter = create_task({
            let (queue, trace) = (queue.clone(), trace.clone());
            async move {
                for item in 0..3 {
                    put(queue.clone(), trace.clone(), item).await?;
                }
                Ok(())
            }
        });
        sleep(0).await?;
        sleep(0).await?;
        get(queue.clone(), trace.clone(), "main").await?;
        sleep(0).await?;
        get(queue.clone(), trace.clone(), "main").await?;
        get(queue, trace, "main").await?;
        assert!(putter.done());
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 put 0: Ok(())",
            "+1 put 1: Ok(())",
            "+2 main: Ok(0)",
            "+3 put 2: Ok(())",
            "+3 main: Ok(1)",
            "+3 main: Ok(2)",
        ]
    );
}

//! `_QueueShutdownTestMixin`: shutting down, in queues of every order.

use kolo_executor::testing::run;
use kolo_executor::{Kind, Result, create_task, running_loop, sleep};
use kolo_sync::AnyQueue;
use kolo_sync::storage::{Fifo, Lifo, Priority, Storage};

use crate::support::outcome::{error_of, kind_of, text};

/// Whether every put and every get fails, without a wait.
async fn assert_shut_down<S: Storage<Item = u32> + 'static>(queue: &AnyQueue<S>) {
    let before = running_loop().iterations();
    assert_eq!(kind_of(queue.put(1).await), Kind::QueueShutDown);
    assert_eq!(kind_of(queue.put_nowait(1)), Kind::QueueShutDown);
    assert_eq!(kind_of(queue.get().await), Kind::QueueShutDown);
    assert_eq!(kind_of(queue.get_nowait()), Kind::QueueShutDown);
    assert_eq!(running_loop().iterations(), before, "at once");
}

#[test]
fn test_format() {
    fn check<S: Storage<Item = u32> + 'static>(expected: &str) {
        let queue = AnyQueue::<S>::new(0);
        queue.shutdown(false);
        assert_eq!(text(&queue), expected);
    }
    check::<Fifo<u32>>("<Queue maxsize=0 shutdown>");
    check::<Lifo<u32>>("<LifoQueue maxsize=0 shutdown>");
    check::<Priority<u32>>("<PriorityQueue maxsize=0 shutdown>");
}

#[test]
fn test_shutdown_empty() {
    fn check<S: Storage<Item = u32> + 'static>() {
        run(async {
            let queue = AnyQueue::<S>::new(0);
            let getter = create_task({
                let queue = queue.clone();
                async move { queue.get().await }
            });
            sleep(0).await?;
            queue.shutdown(false);
            let before = running_loop().iterations();
            queue.join().await?;
            assert_eq!(running_loop().iterations(), before, "nothing is unfinished");
            sleep(0).await?;
            assert!(getter.done(), "one iteration later");
            assert_eq!(kind_of(getter.await), Kind::QueueShutDown);
            assert_shut_down(&queue).await;
            Ok(())
        })
        .unwrap();
    }
    check::<Fifo<u32>>();
    check::<Lifo<u32>>();
    check::<Priority<u32>>();
}

#[test]
fn test_shutdown_immediate_with_unfinished() {
    fn check<S: Storage<Item = u32> + 'static>() {
        let outcome: Result<()> = run(async {
            let queue = AnyQueue::<S>::new(0);
            queue.put_nowait(1)?;
            queue.put_nowait(1)?;
            let joiner = create_task({
                let queue = queue.clone();
                async move { queue.join().await }
            });
            assert_eq!(queue.get().await?, 1);
            queue.shutdown(true);
            assert_eq!(queue.qsize(), 0);
            assert!(text(&queue).ends_with(" maxsize=0 tasks=1 shutdown>"));
            sleep(0).await?;
            assert!(!joiner.done());
            assert_shut_down(&queue).await;

            queue.task_done()?;
            let error = error_of(queue.task_done());
            assert_eq!(error, (Kind::Value, "task_done() called too many times".to_owned()));
            sleep(0).await?;
            assert!(joiner.done(), "one iteration later");
            joiner.await
        });
        outcome.unwrap();
    }
    check::<Fifo<u32>>();
    check::<Lifo<u32>>();
    check::<Priority<u32>>();
}

//! Cancellation of a task that stands on somebody else's future.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kolo_executor::testing::{hops, run};
use kolo_executor::{Promise, cancellable, create_task, running_loop, sleep, timeout};

use super::KINDS;

#[test]
fn each_of_two_leaves_in_a_join_is_told() {
    run(async {
        for promise_is_last in [false, true] {
            let promise = Promise::<()>::new();
            let awaited = promise.clone();
            let task = create_task(async move {
                let promised = async { (&awaited).await.is_err_and(|error| error.is_cancelled()) };
                let slept = async { sleep(10).await.is_err_and(|error| error.is_cancelled()) };
                Ok(match promise_is_last {
                    true => join!(slept, promised),
                    false => join!(promised, slept),
                })
            });
            sleep(1).await?;
            assert!(task.cancel());
            assert!(promise.cancelled());
            hops(1).await?;
            assert!(task.done());
            assert_eq!(task.await?, (true, true));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_leaf_is_cancelled_in_a_select_with_a_foreign_future() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let (_send, receive) = oneshot::channel::<()>();
            let task = create_task(async move {
                match select(leaf, receive).await {
                    Either::Left((outcome, _)) => Ok(outcome.is_err_and(|error| error.is_cancelled())),
                    Either::Right(_) => Ok(false),
                }
            });
            sleep(1).await?;
            assert!(task.cancel());
            assert!(
                timeout(1, task).await.unwrap_or_else(|error| panic!("{name}: {error:?}")),
                "{name}"
            );
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_that_stands_on_a_set_is_told_by_its_members() {
    run(async {
        let task = create_task(async move {
            let mut set = FuturesUnordered::from_iter([sleep(10), sleep(20)]);
            let mut told = 0;
            // A set wakes its task to look again, and in that step polls nobody: what the task stands on is the set itself.
            while let Some(outcome) = set.next().await {
                told += u32::from(outcome.is_err_and(|error| error.is_cancelled()));
            }
            Ok(told)
        });
        sleep(1).await?;
        assert!(task.cancel());
        assert_eq!(task.await?, 2);
        assert_eq!(running_loop().time(), 1.0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_on_a_foreign_future_is_dropped_there() {
    run(async {
        let (send, receive) = oneshot::channel::<()>();
        let task = create_task(async move {
            sleep(1).await?;
            assert!(receive.await.is_ok(), "it does not go on");
            Ok(())
        });
        sleep(2).await?;
        assert!(task.cancel());
        assert!((&task).await.unwrap_err().is_cancelled());
        assert!(send.is_canceled());

        // `cancellable` turns the cancellation into an error.
        let (_send, receive) = oneshot::channel::<()>();
        let task = create_task(async { Ok(cancellable(receive).await.is_err_and(|error| error.is_cancelled())) });
        sleep(1).await?;
        assert!(task.cancel());
        assert!(task.await?);
        Ok(())
    })
    .unwrap();
}

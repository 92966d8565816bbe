//! Cancellation of a task that stands on somebody else's future.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kolo_executor::testing::run;
use kolo_executor::{Promise, cancellable, create_task, sleep, timeout};

use super::KINDS;
use crate::support::lives::Living;

#[test]
fn the_leaf_polled_last_is_the_one_that_is_cancelled() {
    run(async {
        // In a join, each in the last place: it is told, and the other one goes on.
        for place_of_the_promise in [0, 1] {
            let promise = Promise::<()>::new();
            let awaited = promise.clone();
            let task = create_task(async move {
                let promised = async { (&awaited).await.map_err(|error| error.is_cancelled()) };
                let slept = async { sleep(10).await.map_err(|error| error.is_cancelled()) };
                Ok(match place_of_the_promise {
                    0 => join!(promised, slept),
                    _ => {
                        let (slept, promised) = join!(slept, promised);
                        (promised, slept)
                    }
                })
            });
            sleep(1).await?;
            assert!(task.cancel());
            sleep(1).await?;
            assert_eq!(promise.cancelled(), place_of_the_promise == 1);
            assert!(!task.done());
            promise.set_result(()).ok();
            let cancelled = Err(true);
            assert_eq!(
                task.await?,
                if place_of_the_promise == 1 {
                    (cancelled, Ok(()))
                } else {
                    (Ok(()), cancelled)
                }
            );
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
fn a_task_that_stands_on_a_set_is_dropped_there() {
    run(async {
        let (living, cleaned_up) = (Living::new(), Rc::new(Cell::new(false)));
        let (held, flag) = (living.one(), cleaned_up.clone());
        let task = create_task(async move {
            let _held = held;
            let mut set = FuturesUnordered::from_iter([sleep(10), sleep(20)]);
            // A set wakes its task to look again, and in that step polls nobody: what the task stands on is the set itself.
            set.next().await.transpose()?;
            flag.set(true);
            Ok(())
        });
        sleep(1).await?;
        assert!(task.cancel());
        assert!((&task).await.unwrap_err().is_cancelled());
        assert_eq!((living.count(), cleaned_up.get()), (0, false));
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

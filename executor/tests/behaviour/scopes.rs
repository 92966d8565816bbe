//! Scopes side by side in one task: each ends its own body, and nothing beside it.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, join};
use kolo_executor::testing::{Trace, hops, run};
use kolo_executor::{
    Error, Kind, Promise, Result, create_task, current_task, running_loop, shield, sleep, sleep_with, task_group, timeout,
};

use crate::support::outcome::{ended, kind_of};

/// The requests to cancel the task that runs.
fn cancelling() -> u32 {
    current_task().map_or(0, |task| task.cancelling())
}

/// Awaits, and notes when that ended and how.
async fn noted<T: std::fmt::Debug>(trace: &Trace, what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = future.await;
    trace.log(format_args!("{}s {what} {}", running_loop().time(), ended(&outcome)));
    outcome
}

#[test]
fn each_ends_in_its_time() {
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        let (first, second, third) = join!(
            noted(&log, "the first", timeout(1, noted(&log, "in the first", sleep(10)))),
            noted(
                &log,
                "the second",
                timeout(2, noted(&log, "in the second", pending::<Result<()>>()))
            ),
            noted(
                &log,
                "the third",
                timeout(3, noted(&log, "in the third", sleep_with(2.5, "in time")))
            ),
        );
        assert!(first.unwrap_err().is_timeout() && second.unwrap_err().is_timeout());
        assert_eq!((third?, cancelling()), ("in time", 0));
        Ok(())
    })
    .unwrap();
    assert_eq!(
        trace.take(),
        [
            "1s in the first Cancelled",
            "1s the first Timeout",
            "2s the second Timeout",
            "2.5s in the third \"in time\"",
            "2.5s the third \"in time\"",
        ]
    );
}

#[test]
fn all_end_at_the_same_time() {
    run(async {
        let (ours, foreign, set) = join!(
            timeout(1, sleep(10)),
            timeout(1, pending::<Result<()>>()),
            timeout(1, async {
                FuturesUnordered::from_iter([sleep(10), sleep(20)])
                    .collect::<Vec<_>>()
                    .map(Ok)
                    .await
            }),
        );
        assert_eq!([kind_of(ours), kind_of(foreign), kind_of(set.map(drop))], [Kind::Timeout; 3]);
        assert_eq!((cancelling(), running_loop().time()), (0, 1.0));
        // Nothing is left to be delivered.
        sleep(1).await
    })
    .unwrap();
}

#[test]
fn one_in_another_beside_a_leaf() {
    run(async {
        for (inner, outer) in [(1, 1), (1, 2), (2, 1)] {
            let begun = running_loop().time();
            let (limited, slept) = join!(timeout(outer, timeout(inner, sleep(10))), sleep(5));
            assert_eq!(kind_of(limited), Kind::Timeout);
            slept?;
            assert_eq!((cancelling(), running_loop().time()), (0, begun + 5.0));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_that_is_cancelled_while_one_of_its_scopes_ends() {
    run(async {
        let task = create_task(async {
            let (first, second) = join!(timeout(1, sleep(10)), timeout(9, sleep(10)));
            // Whoever cancels the task cancels it, whatever else happens at that time.
            assert_eq!((kind_of(first), kind_of(second)), (Kind::Cancelled, Kind::Cancelled));
            assert_eq!(cancelling(), 1);
            Ok(())
        });
        let handle = task.clone();
        running_loop().call_at(1, move || {
            handle.cancel();
        });
        task.await
    })
    .unwrap();
}

#[test]
fn what_a_task_has_set_aside_is_not_in_its_scope() {
    run(async {
        let mut set = FuturesUnordered::from_iter([sleep(3), sleep(4)]);
        let mut aside = pin!(sleep(5));
        assert!(set.next().now_or_never().is_none());
        assert!(aside.as_mut().now_or_never().is_none());
        assert_eq!(kind_of(timeout(1, sleep(10)).await), Kind::Timeout);
        assert_eq!(kind_of(timeout(1, pending::<Result<()>>()).await), Kind::Timeout);
        // Polled in the scope, but not for the first time: it is not told, and goes on.
        assert_eq!(kind_of(timeout(0.5, set.next().map(Ok)).await.map(drop)), Kind::Timeout);
        assert!(set.next().await.is_some_and(|outcome| outcome.is_ok()));
        assert!(set.next().await.is_some_and(|outcome| outcome.is_ok()));
        aside.await?;
        assert_eq!(running_loop().time(), 5.0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_scope_that_is_set_aside_ends_when_it_is_polled_again() {
    run(async {
        let mut limited = Box::pin(timeout(1, sleep(10)));
        assert!(limited.as_mut().now_or_never().is_none());
        let mut other = Box::pin(timeout(1, sleep(10)));
        let (polled, slept) = match select(other.as_mut(), Box::pin(sleep(0.5))).await {
            Either::Left(_) => unreachable!("the sleep is shorter"),
            Either::Right((slept, polled)) => (polled, slept),
        };
        slept?;
        // Both deadlines pass while the task stands elsewhere, which is none of their business.
        sleep(2).await?;
        assert_eq!(running_loop().time(), 2.5);
        assert_eq!(kind_of(polled.await), Kind::Timeout);
        assert_eq!(kind_of(limited.await), Kind::Timeout);
        assert_eq!((cancelling(), running_loop().time()), (0, 2.5));
        Ok(())
    })
    .unwrap();
}

#[test]
fn scopes_in_a_set_end_each_in_its_time() {
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        let log = &log;
        let mut set = FuturesUnordered::new();
        for limit in [3, 1, 2] {
            set.push(async move { timeout(limit, noted(log, &format!("in {limit}"), sleep(10))).await });
        }
        while let Some(outcome) = set.next().await {
            noted(log, "the set", async { outcome }).await.ok();
        }
        assert_eq!(cancelling(), 0);
        Ok(())
    })
    .unwrap();
    assert_eq!(
        trace.take(),
        [
            "1s in 1 Cancelled",
            "1s the set Timeout",
            "2s in 2 Cancelled",
            "2s the set Timeout",
            "3s in 3 Cancelled",
            "3s the set Timeout",
        ]
    );
}

#[test]
fn a_group_that_fails_beside_another() {
    run(async {
        let failing = task_group(async |group| {
            group.create_task(async {
                sleep(1).await?;
                Err::<(), _>(Error::value("one"))
            })?;
            pending::<Result<()>>().await
        });
        let going_on = task_group(async |group| {
            let task = group.create_task(sleep_with(3, 3))?;
            sleep(2).await?;
            task.await
        });
        let (failed, value) = join!(failing, going_on);
        assert_eq!(failed.unwrap_err().errors()[0].kind(), Kind::Value);
        assert_eq!((value?, cancelling(), running_loop().time()), (3, 0, 3.0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_is_told_of_one_cancellation_and_may_take_its_time() {
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        let limited = timeout(1, async {
            let outcome = noted(&log, "the wait", sleep(10)).await;
            noted(&log, "the cleaning up", sleep(2)).await?;
            outcome
        });
        let (limited, slept) = join!(limited, sleep(1));
        slept?;
        assert_eq!((kind_of(limited), running_loop().time()), (Kind::Timeout, 3.0));
        Ok(())
    })
    .unwrap();
    assert_eq!(trace.take(), ["1s the wait Cancelled", "3s the cleaning up ()"]);
}

#[test]
fn a_wake_up_that_is_on_its_way_is_not_lost_with_the_scope() {
    run(async {
        for beside in [false, true] {
            let promise = Promise::new();
            let setter = promise.clone();
            let begun = running_loop().time();
            // In the same iteration: the value first, then the deadline.
            running_loop().call_at(begun + 1.0, move || setter.set_result(7).unwrap_or_default());
            let limited = timeout(1, async { (&promise).await });
            let (outcome, ()) = join!(limited, async {
                if beside {
                    sleep(2).await.unwrap_or_default();
                }
            });
            assert_eq!(
                kind_of(outcome),
                Kind::Timeout,
                "as in asyncio, which throws the cancellation there"
            );
            assert_eq!((promise.result()?, cancelling()), (7, 0));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_set_beneath_a_scope_is_told_of_its_end_until_it_is_over() {
    let told = Rc::new(Cell::new(0));
    let count = told.clone();
    run(async move {
        let limited = timeout(3, async {
            let set = FuturesUnordered::from_iter([sleep(1), sleep(2)]);
            set.collect::<Vec<_>>().await.into_iter().collect::<Result<()>>()?;
            // The set is over: what comes now is told again.
            let outcome = sleep(10).await;
            count.set(count.get() + 1);
            outcome
        });
        assert_eq!(kind_of(limited.await), Kind::Timeout);
        Ok(())
    })
    .unwrap();
    assert_eq!(told.get(), 1);
}

#[test]
fn tasks_that_are_awaited_side_by_side_are_all_cancelled() {
    run(async {
        let order = Rc::new(RefCell::new(Vec::new()));
        let children: Vec<_> = (0..3)
            .map(|number| {
                let order = order.clone();
                create_task(async move {
                    let outcome = sleep(10).await;
                    order.borrow_mut().push(number);
                    outcome
                })
            })
            .collect();
        let [first, second, third] = [&children[0], &children[1], &children[2]];
        let limited = timeout(1, async {
            let all = join!(first.into_future(), shield(second).into_future(), third.into_future());
            all.0
        });
        assert_eq!(kind_of(limited.await), Kind::Timeout);
        hops(1).await?;
        assert_eq!(order.take(), [0, 2]);
        assert!(children[0].cancelled() && !children[1].done() && children[2].cancelled());
        Ok(())
    })
    .unwrap();
}

//! CPython's test_taskgroups: tasks that end together. One test for each case, under the case's name.
//!
//! Iterations are counted from the beginning of the task that waits for the group.

mod common;
mod support;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use common::{DropFlag, Reports, Trace, error_of, kind_of, run};
use kolo_executor::{
    Context, ContextVar, Error, Kind, Promise, Result, Task, TaskGroup, create_task, current_task, running_loop, sleep,
    task_group,
};
use support::{members, traced, without_task};

/// Sleeps, and tells how that ended; then gives `outcome`.
async fn job<T>(trace: Trace, name: &'static str, delay: f64, outcome: Result<T>) -> Result<T> {
    if let Err(error) = sleep(delay).await {
        trace.time(format_args!("{name} is cancelled"));
        return Err(error);
    }
    trace.time(format_args!("{name} is done"));
    outcome
}

/// Sleeps for long; cancelled, it fails with an error of its own.
async fn fails_in_its_clean_up(trace: Trace, name: &'static str) -> Result<()> {
    let slept = sleep(10).await;
    trace.time(format_args!("{name} cleans up"));
    slept.map_err(|_| Error::value(name))
}

/// The error in words: a group with its members.
fn text(error: &Error) -> String {
    match error.kind() {
        Kind::Group => format!("Group{:?}", error.errors().iter().map(text).collect::<Vec<_>>()),
        kind if error.message().is_empty() => format!("{kind:?}"),
        _ => error.message().to_owned(),
    }
}

fn cancelling() -> u32 {
    current_task().expect("a task").cancelling()
}

/// What happens in `main`, its outcome, and its requests to be cancelled.
#[track_caller]
fn events<T: std::fmt::Debug + 'static>(main: impl AsyncFnOnce(Trace) -> Result<T> + 'static) -> Vec<String> {
    traced(async |trace| {
        trace.start();
        let outcome = main(trace.clone()).await;
        let outcome = match &outcome {
            Ok(value) => format!("{value:?}"),
            Err(error) => text(error),
        };
        trace.tick(format_args!("{outcome}, {} requests", cancelling()));
        Ok(())
    })
}

/// [`events`] of a task that is cancelled after 0.1 seconds.
#[track_caller]
fn events_of_cancelled(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    events(async |trace: Trace| {
        let task = create_task(async move { main(trace).await });
        sleep(0.1).await?;
        assert!(!task.done());
        task.cancel();
        task.await
    })
}

#[test]
fn test_taskgroup_01() {
    let events = events(async |trace| {
        let (a, b) = task_group(async |group| {
            let a = group.create_task(job(trace.clone(), "a", 0.1, Ok(42)))?;
            Ok((a, group.create_task(job(trace.clone(), "b", 0.2, Ok(11)))?))
        })
        .await?;
        trace.time("left");
        Ok((a.result()?, b.result()?))
    });
    assert_eq!(
        events,
        ["0.1s a is done", "0.2s b is done", "0.2s left", "+8 (42, 11), 0 requests"]
    );
}

#[test]
fn test_taskgroup_02() {
    let events = events(async |trace| {
        let (a, b) = task_group(async |group| {
            let a = group.create_task(job(trace.clone(), "a", 0.1, Ok(42)))?;
            sleep(0.15).await?;
            Ok((a, group.create_task(job(trace.clone(), "b", 0.2, Ok(11)))?))
        })
        .await?;
        trace.time("left");
        Ok((a.result()?, b.result()?))
    });
    assert_eq!(
        events,
        ["0.1s a is done", "0.35s b is done", "0.35s left", "+11 (42, 11), 0 requests"]
    );
}

#[test]
fn test_taskgroup_03() {
    let events = events(async |trace| {
        let (a, b) = task_group(async |group| {
            let a = group.create_task(job(trace.clone(), "a", 1.0, Ok(42)))?;
            sleep(0.15).await?;
            a.cancel();
            Ok((a, group.create_task(job(trace.clone(), "b", 0.2, Ok(11)))?))
        })
        .await?;
        trace.time("left");
        assert!(a.cancelled());
        b.result()
    });
    assert_eq!(
        events,
        ["0.15s a is cancelled", "0.35s b is done", "0.35s left", "+9 11, 0 requests"]
    );
}

#[test]
fn test_taskgroup_04() {
    let events = events(async |trace| {
        let waits = trace.clone();
        let task = create_task(async move {
            task_group(async |group| {
                group.create_task(job(waits.clone(), "a", 0.1, Err::<(), _>(Error::value("of a"))))?;
                group.create_task(job(waits.clone(), "b", 1.0, Ok(())))
            })
            .await?;
            waits.time("not reached");
            Ok(())
        });
        task.await
    });
    assert_eq!(
        events,
        ["0.1s a is done", "0.1s b is cancelled", "+9 Group[\"of a\"], 0 requests"]
    );
}

#[test]
fn test_cancel_children_on_child_error() {
    let events = events(async |trace| {
        let task = create_task(async move {
            task_group(async |group| {
                for name in ["a", "b", "c"] {
                    group.create_task(job(trace.clone(), name, 0.1, Err::<(), _>(Error::value(name))))?;
                }
                group.create_task(job(trace.clone(), "d", 5.0, Ok(())))?;
                job(trace.clone(), "the body", 10.0, Ok(())).await
            })
            .await?;
            trace.time("not reached");
            Ok(())
        });
        task.await
    });
    assert_eq!(
        events,
        [
            "0.1s a is done",
            "0.1s b is done",
            "0.1s c is done",
            "0.1s d is cancelled",
            "0.1s the body is cancelled",
            "+9 Group[\"a\", \"b\", \"c\"], 0 requests",
        ]
    );
}

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

#[test]
fn test_cancellation() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in FIVE {
                group.create_task(job(trace.clone(), name, 5.0, Ok(())))?;
            }
            Ok(())
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "0.1s c is cancelled",
            "0.1s d is cancelled",
            "0.1s e is cancelled",
            "+9 Cancelled, 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_07() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in FIVE {
                group.create_task(job(trace.clone(), name, 5.0, Ok(())))?;
            }
            job(trace.clone(), "the body", 10.0, Ok(())).await
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s the body is cancelled",
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "0.1s c is cancelled",
            "0.1s d is cancelled",
            "0.1s e is cancelled",
            "+9 Cancelled, 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_08() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in ["a", "b", "c"] {
                group.create_task(fails_in_its_clean_up(trace.clone(), name))?;
            }
            sleep(10).await
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "0.1s c cleans up",
            "+9 Group[\"a\", \"b\", \"c\"], 0 requests",
        ]
    );
}

/// Runs a group whose body fails after so long, or at once.
fn body_fails_after(delay: Option<f64>) -> Vec<String> {
    events(async move |trace| {
        let mut tasks = Vec::new();
        let outcome = task_group(async |group| {
            for (name, delay) in [("a", 1.0), ("b", 2.0)] {
                tasks.push(group.create_task(job(trace.clone(), name, delay, Ok(())))?);
            }
            if let Some(delay) = delay {
                sleep(delay).await?;
            }
            Err::<(), _>(Error::value("of the body"))
        })
        .await;
        assert!(tasks.iter().all(|task| task.cancelled()));
        outcome
    })
}

#[test]
fn test_taskgroup_09() {
    assert_eq!(
        body_fails_after(Some(0.1)),
        [
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "+6 Group[\"of the body\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_10() {
    assert_eq!(body_fails_after(None), ["+3 Group[\"of the body\"], 0 requests"]);
}

/// Cancels a task in a group in a group.
fn cancelled_in_nested_groups(outer_task: bool) -> Vec<String> {
    events_of_cancelled(async move |trace| {
        task_group(async |outer| {
            if outer_task {
                outer.create_task(job(trace.clone(), "x", 10.0, Ok(())))?;
            }
            task_group(async |inner| {
                inner.create_task(fails_in_its_clean_up(trace.clone(), "a"))?;
                inner.create_task(fails_in_its_clean_up(trace.clone(), "b"))?;
                sleep(10).await
            })
            .await
        })
        .await
    })
}

#[test]
fn test_taskgroup_11() {
    assert_eq!(
        cancelled_in_nested_groups(false),
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "+9 Group[\"Group[\\\"a\\\", \\\"b\\\"]\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_12() {
    assert_eq!(
        cancelled_in_nested_groups(true),
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "0.1s x is cancelled",
            "+12 Group[\"Group[\\\"a\\\", \\\"b\\\"]\"], 0 requests",
        ]
    );
}

/// A task of an outer group and one of an inner group fail after so many seconds.
fn crash_after(outer_delay: f64, inner_delay: f64) -> Vec<String> {
    events(async move |trace| {
        task_group(async |outer| {
            outer.create_task(job(
                trace.clone(),
                "outer",
                outer_delay,
                Err::<(), _>(Error::value("of outer")),
            ))?;
            task_group(async |inner| {
                inner.create_task(job(
                    trace.clone(),
                    "inner",
                    inner_delay,
                    Err::<(), _>(Error::value("of inner")),
                ))
            })
            .await
        })
        .await
    })
}

#[test]
fn test_taskgroup_13() {
    assert_eq!(
        crash_after(0.1, 10.0),
        [
            "0.1s outer is done",
            "0.1s inner is cancelled",
            "+8 Group[\"of outer\"], 0 requests"
        ]
    );
}

#[test]
fn test_taskgroup_14() {
    assert_eq!(
        crash_after(10.0, 0.1),
        [
            "0.1s inner is done",
            "0.1s outer is cancelled",
            "+8 Group[\"Group[\\\"of inner\\\"]\"], 0 requests",
        ]
    );
}

/// A task of the group fails while its body cleans up. The group's own cancellation ends the clean-up: it is the second of the task.
async fn slow_clean_up(trace: Trace) -> Result<()> {
    task_group(async |group| {
        group.create_task(job(trace.clone(), "a", 0.3, Err::<(), _>(Error::value("of a"))))?;
        let slept = sleep(10).await;
        trace.time("the body cleans up");
        job(trace.clone(), "the clean-up", 0.5, slept).await
    })
    .await
}

const SLOW_CLEAN_UP: [&str; 3] = ["0.1s the body cleans up", "0.3s a is done", "0.3s the clean-up is cancelled"];

#[test]
fn test_taskgroup_15() {
    let events = events_of_cancelled(slow_clean_up);
    assert_eq!(events[..3], SLOW_CLEAN_UP);
    assert_eq!(events[3..], ["+10 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_taskgroup_16() {
    let events = events_of_cancelled(async |trace| create_task(slow_clean_up(trace)).await);
    assert_eq!(events[..3], SLOW_CLEAN_UP);
    assert_eq!(events[3..], ["+12 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_taskgroup_17() {
    let events = events_of_cancelled(async |trace| task_group(async |_| job(trace, "the body", 10.0, Ok(())).await).await);
    assert_eq!(events, ["0.1s the body is cancelled", "+5 Cancelled, 0 requests"]);
}

#[test]
fn test_taskgroup_18() {
    let events = events_of_cancelled(async |trace| task_group(async |_| fails_in_its_clean_up(trace, "the body").await).await);
    assert_eq!(events, ["0.1s the body cleans up", "+5 Group[\"the body\"], 0 requests"]);
}

/// A task of the group fails, and so does the body, which the group has cancelled.
fn both_fail(child: Error, body: Error) -> Vec<String> {
    events(async move |trace| {
        task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 0.1, Err::<(), _>(child)))?;
            let slept = job(trace.clone(), "the body", 10.0, Ok(())).await;
            slept.map_err(|_| body)
        })
        .await
    })
}

#[test]
fn test_taskgroup_19() {
    assert_eq!(
        both_fail(Error::value("of a"), Error::value("of the body")),
        [
            "0.1s a is done",
            "0.1s the body is cancelled",
            "+5 Group[\"of a\", \"of the body\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_20() {
    let trace = Trace::new();
    let events = trace.clone();
    let outcome = run(async move {
        trace.start();
        let outcome: Result<()> = task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 0.1, Err::<(), _>(Error::value("of a"))))?;
            group.create_task(job(trace.clone(), "b", 5.0, Ok(())))?;
            let slept = job(trace.clone(), "the body", 10.0, Ok(())).await;
            slept.map_err(|_| Error::new(Kind::KeyboardInterrupt, ""))
        })
        .await;
        trace.tick(format_args!(
            "{}, {} requests",
            text(outcome.as_ref().unwrap_err()),
            cancelling()
        ));
        outcome
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    assert_eq!(
        events.take(),
        [
            "0.1s a is done",
            "0.1s b is cancelled",
            "0.1s the body is cancelled",
            "+7 KeyboardInterrupt, 1 requests",
        ]
    );
}

/// What comes nearest to a `BaseException` that does not end the program: a panic's error.
#[test]
fn test_taskgroup_20a() {
    let events = both_fail(Error::value("of a"), Error::new(Kind::Panic, "of the body"));
    assert_eq!(events[2], "+5 Group[\"of a\", \"of the body\"], 0 requests");
}

#[test]
fn test_taskgroup_21a() {
    let events = both_fail(Error::new(Kind::Panic, "of a"), Error::value("of the body"));
    assert_eq!(events[2], "+5 Group[\"of a\", \"of the body\"], 0 requests");
}

#[test]
fn test_taskgroup_22() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 1.0, Ok(())))?;
            group.create_task(job(trace.clone(), "b", 2.0, Ok(())))
        })
        .await
        .map(|_| ())
    });
    assert_eq!(
        events,
        ["0.1s a is cancelled", "0.1s b is cancelled", "+9 Cancelled, 0 requests"]
    );
}

/// How many tasks of the group are not done, as it shows itself.
fn live(group: &TaskGroup) -> usize {
    let text = format!("{group:?}");
    let number = text.split("tasks=").nth(1).and_then(|rest| rest.split(' ').next());
    number.map_or(0, |number| number.parse().expect("a number"))
}

#[test]
fn test_taskgroup_23() {
    let counts = run(task_group(async |group| {
        let mut counts = Vec::new();
        for _ in 0..10 {
            sleep(0.1).await?;
            group.create_task(sleep(0.3))?;
            counts.push(live(&group));
        }
        sleep(1.35).await?;
        counts.push(live(&group));
        Ok(counts)
    }));
    assert_eq!(counts.unwrap(), [1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 0]);
}

#[test]
fn test_taskgroup_24() {
    let events = events(async |trace| {
        task_group(async |group| {
            let root = group.clone();
            let jobs = trace.clone();
            group.create_task(async move {
                sleep(0.1).await?;
                root.create_task(job(jobs.clone(), "a", 0.1, Ok(())))?;
                root.create_task(job(jobs.clone(), "b", 0.2, Ok(())))
            })
        })
        .await?;
        trace.time("left");
        Ok(())
    });
    assert_eq!(events[..3], ["0.2s a is done", "0.3s b is done", "0.3s left"]);
}

#[test]
fn test_taskgroup_25() {
    async fn hydra(group: TaskGroup, heads: Rc<Cell<u32>>) -> Result<()> {
        heads.set(heads.get() + 1);
        sleep(0.01).await?;
        for _ in 0..2 {
            // Boxed, because a coroutine cannot be a part of itself.
            let head: Pin<Box<dyn Future<Output = Result<()>>>> = Box::pin(hydra(group.clone(), heads.clone()));
            group.create_task(head)?;
        }
        Ok(())
    }

    let events = events(async |trace| {
        let heads = Rc::new(Cell::new(0));
        let outcome = task_group(async |group| {
            group.create_task(hydra(group.clone(), heads.clone()))?;
            let (heads, trace) = (heads.clone(), trace.clone());
            group.create_task(async move {
                while heads.get() < 10 {
                    sleep(0.015).await?;
                }
                trace.time(format_args!("{} heads", heads.get()));
                Err::<(), _>(Error::value("of hercules"))
            })
        })
        .await;
        trace.time(format_args!("{} heads", heads.get()));
        outcome.map(|_| ())
    });
    assert_eq!(
        events,
        ["0.045s 31 heads", "0.045s 31 heads", "+21 Group[\"of hercules\"], 0 requests"]
    );
}

#[test]
fn test_taskgroup_task_name() {
    run(task_group(async |group| {
        let task = Task::builder().name("yolo").spawn_in(&group, sleep(0))?;
        assert_eq!(task.name(), "yolo");
        let task = group.create_named_task("another", sleep(0))?;
        assert_eq!(task.name(), "another");
        Ok(())
    }))
    .unwrap();
}

#[test]
fn test_taskgroup_task_context() {
    static VARIABLE: ContextVar<i32> = ContextVar::new("variable");
    run(task_group(async |group| {
        let context = Context::current();
        assert_eq!(context.run(|| VARIABLE.get()), None);
        for value in [1, 2] {
            let task = Task::builder().context(context.clone()).spawn_in(&group, async move {
                sleep(0).await?;
                VARIABLE.set(value);
                Ok(())
            })?;
            task.await?;
            assert_eq!(context.run(|| VARIABLE.get()), Some(value));
        }
        assert_eq!(VARIABLE.get(), None);
        Ok(())
    }))
    .unwrap();
}

#[test]
fn test_taskgroup_no_create_task_after_failure() {
    let events = events(async |trace| {
        task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 0.001, Err::<(), _>(Error::value("of a"))))?;
            let late = group.clone();
            group.create_task(async move {
                let slept = sleep(1).await;
                let (dropped, flag) = DropFlag::new();
                let refused = late.create_task(async move {
                    let _flag = flag;
                    Ok(())
                });
                assert!(dropped.get());
                let (kind, message) = error_of(refused);
                assert_eq!(kind, Kind::Runtime);
                trace.time(message);
                slept
            })
        })
        .await
        .map(|_| ())
    });
    assert_eq!(
        events,
        [
            "0.001s a is done",
            "0.001s TaskGroup <TaskGroup tasks=1 errors=1 cancelling> is shutting down",
            "+7 Group[\"of a\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_context_manager_exit_raises() {
    let events = events(async |trace| {
        let task = create_task(async move {
            let outcome = task_group(async |group| {
                group.create_task(job(trace.clone(), "a", 0.0, Err::<(), _>(Error::value("of a"))))?;
                sleep(1).await.map_err(|_| Error::value("of the scope in the body"))
            })
            .await;
            assert_eq!(cancelling(), 0);
            outcome
        });
        task.await
    });
    assert_eq!(events[1..], ["+6 Group[\"of a\", \"of the scope in the body\"], 0 requests"]);
}

/// Runs a group to its end, and hands it out.
async fn finished_group() -> Result<TaskGroup> {
    task_group(async |group| Ok(group)).await
}

#[test]
fn test_taskgroup_finished() {
    let outcome = run(async {
        let group = finished_group().await?;
        let (dropped, flag) = DropFlag::new();
        let reports = Reports::of(&running_loop());
        let refused = group.create_task(async move {
            let _flag = flag;
            panic!("it never runs")
        });
        let error = error_of::<Task<()>>(refused);
        assert!(dropped.get());
        sleep(0).await?;
        assert!(reports.take().is_empty(), "it is dropped silently");
        Ok(error)
    });
    assert_eq!(
        outcome.unwrap(),
        (Kind::Runtime, "TaskGroup <TaskGroup entered> is finished".to_owned())
    );
}

#[test]
fn test_coro_closed_when_tg_closed() {
    let event_loop = common::virtual_loop();
    let group = event_loop.run_until_complete(finished_group()).unwrap();
    let (dropped, flag) = DropFlag::new();
    let refused = event_loop.run_until_complete(async move {
        group.create_task(async move {
            let _flag = flag;
            Ok(())
        })
    });
    assert_eq!(kind_of(refused), Kind::Runtime);
    assert!(dropped.get());
}

#[test]
fn test_taskgroup_without_parent_task() {
    run(async {
        let entered = without_task(task_group(async |_| -> Result<()> { panic!("it is not entered") })).await;
        assert_eq!(
            error_of(entered),
            (Kind::Runtime, "TaskGroup cannot determine the parent task".to_owned())
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_cancelling_level_preserved() {
    let events = events(async |trace| {
        task_group(async |group| group.create_task(job(trace, "a", 0.0, Err::<(), _>(Error::runtime("of a")))))
            .await
            .map(|_| ())
    });
    assert_eq!(events, ["0s a is done", "+4 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_nested_groups_both_cancelled() {
    let events = events(async |trace| {
        let outcome: Result<()> = task_group(async |outer| {
            let inner_outcome: Result<()> = task_group(async |inner| {
                inner.create_task(job(trace.clone(), "inner", 0.0, Err::<(), _>(Error::runtime("of inner"))))?;
                outer.create_task(job(trace.clone(), "outer", 0.0, Err::<(), _>(Error::value("of outer"))))?;
                Ok(())
            })
            .await;
            assert_eq!(members(inner_outcome), [Kind::Runtime]);
            trace.tick(format_args!("in the outer body, {} requests", cancelling()));
            // The outer group's request is delivered here.
            let slept = sleep(5).await;
            trace.tick(format_args!("cancelled: {}", slept.is_err()));
            slept
        })
        .await;
        assert_eq!(cancelling(), 0);
        outcome
    });
    assert_eq!(
        events,
        [
            "0s inner is done",
            "0s outer is done",
            "+4 in the outer body, 1 requests",
            "+5 cancelled: true",
            "+5 Group[\"of outer\"], 0 requests",
        ]
    );
}

#[test]
fn test_error_and_cancel() {
    let events = events(async |trace| {
        let begun = Promise::new();
        let (begins, inner) = (begun.clone(), trace.clone());
        let task = create_task(async move {
            let outcome: Result<()> = task_group(async |group| {
                group.create_task(async move {
                    begins.set_result(())?;
                    sleep(0).await?;
                    Err::<(), _>(Error::runtime("of the child"))
                })?;
                sleep(1).await
            })
            .await;
            assert_eq!(members(outcome), [Kind::Runtime]);
            inner.tick(format_args!("group error, {} requests", cancelling()));
            sleep(1).await
        });
        begun.await?;
        assert_eq!(task.cancelling(), 0);
        task.cancel();
        assert_eq!(task.cancelling(), 1);
        trace.tick("cancels");
        let outcome = (&task).await;
        assert!(task.cancelled());
        outcome
    });
    assert_eq!(
        events,
        ["+3 cancels", "+5 group error, 1 requests", "+7 Cancelled, 0 requests"]
    );
}

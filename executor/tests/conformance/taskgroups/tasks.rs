//! The tasks of a group, and what can be asked of it when.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use kolo_executor::testing::run;
use kolo_executor::{Context, ContextVar, Error, Kind, Result, Task, TaskGroup, create_task, running_loop, sleep, task_group};

use super::{events, job};
use crate::support::lives::DropFlag;
use crate::support::outcome::{error_of, kind_of};
use crate::support::outside::without_task;
use crate::support::reports::Reports;
use crate::support::runs::{cancelling, virtual_loop};

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
        trace.log_time("left");
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
                trace.log_time(format_args!("{} heads", heads.get()));
                Err::<(), _>(Error::value("of hercules"))
            })
        })
        .await;
        trace.log_time(format_args!("{} heads", heads.get()));
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
                trace.log_time(message);
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
    let event_loop = virtual_loop();
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

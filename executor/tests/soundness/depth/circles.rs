//! A cancellation that comes back to where it was: who is met again is woken, and told.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::testing::run;
use kolo_executor::{AnyPromise, AnyTask, Kind, Result, Task, all_tasks, create_task, current_task, gather, sleep, wait_for};

use super::on_a_small_stack;

/// Every unfinished task, the one that asks included.
fn everybody() -> Vec<AnyPromise> {
    all_tasks().iter().map(|task: &AnyTask| AnyPromise::clone(task)).collect()
}

#[test]
fn a_gather_of_all_tasks_times_out() {
    on_a_small_stack(concat!(module_path!(), "::a_gather_of_all_tasks_times_out"), || {
        run(async {
            let other = create_task(sleep(10));
            let outcome = wait_for(gather(everybody()), 0.1).await;
            assert_eq!(outcome.unwrap_err().kind(), Kind::Timeout);
            assert!((&other).await.unwrap_err().is_cancelled());
            Ok(())
        })
        .unwrap();
    });
}

/// Tasks of which each gathers the next one, and the last one the first; `through` so many gathers of gathers.
fn ring(tasks: usize, through: usize) -> Vec<Task<()>> {
    let ring: Rc<RefCell<Vec<Task<()>>>> = Rc::default();
    for number in 0..tasks {
        let handles = ring.clone();
        let task = create_task(async move {
            let next = handles.borrow()[(number + 1) % tasks].as_any();
            let mut gathered = gather([next]).as_any();
            for _ in 1..through {
                gathered = gather([gathered]).as_any();
            }
            drop(handles);
            (&gathered).await
        });
        ring.borrow_mut().push(task);
    }
    ring.borrow().to_vec()
}

async fn ends_cancelled(ring: Vec<Task<()>>) -> Result<()> {
    for task in ring {
        let error = task.await.unwrap_err();
        assert!(error.is_cancelled(), "{error:?}");
    }
    Ok(())
}

#[test]
fn tasks_that_gather_each_other_end_when_one_is_cancelled() {
    on_a_small_stack(
        concat!(module_path!(), "::tasks_that_gather_each_other_end_when_one_is_cancelled"),
        || {
            for (tasks, through) in [(1, 1), (2, 1), (2, 3), (5, 2), (10_000, 1), (2, 10_000)] {
                run(async move {
                    let ring = ring(tasks, through);
                    sleep(0).await?;
                    assert!(ring[0].cancel());
                    assert!(ring.iter().all(|task| task.cancelling() == 1));
                    ends_cancelled(ring).await
                })
                .unwrap();
            }
        },
    );
}

#[test]
fn they_end_with_the_run() {
    on_a_small_stack(concat!(module_path!(), "::they_end_with_the_run"), || {
        let left = run(async {
            let left = [ring(2, 1), ring(3, 2), ring(10_000, 1)].concat();
            sleep(0).await?;
            Ok(left)
        });
        assert!(left.unwrap().iter().all(|task| task.cancelled()));
    });
}

#[test]
fn a_gather_that_is_cancelled_and_met_again_wakes_the_task_that_waits_for_it() {
    on_a_small_stack(
        concat!(
            module_path!(),
            "::a_gather_that_is_cancelled_and_met_again_wakes_the_task_that_waits_for_it"
        ),
        || {
            for errors_too in [false, true] {
                run(async move {
                    let place: Rc<RefCell<Option<AnyPromise>>> = Rc::default();
                    let own = place.clone();
                    let task = create_task(async move {
                        let inner = own.take().unwrap();
                        let gathered = gather([inner, create_task(sleep(10)).as_any()]);
                        match errors_too {
                            true => gathered.return_exceptions().await.map(drop),
                            false => gathered.await.map(drop),
                        }
                    });
                    let outer = gather([&task]).as_any();
                    place.replace(Some(outer.clone()));
                    sleep(1).await?;
                    assert!(outer.cancel());
                    assert!((&outer).await.unwrap_err().is_cancelled());
                    assert!(task.cancelled());
                    Ok(())
                })
                .unwrap();
            }
        },
    );
}

#[test]
fn a_task_that_was_cancelled_while_it_ran_and_then_waits_for_itself() {
    on_a_small_stack(
        concat!(
            module_path!(),
            "::a_task_that_was_cancelled_while_it_ran_and_then_waits_for_itself"
        ),
        || {
            run(async {
                let other = create_task(sleep(10));
                let task = create_task(async {
                    current_task().unwrap().cancel();
                    gather(everybody()).await.map(drop)
                });
                assert!((&task).await.unwrap_err().is_cancelled());
                assert_eq!(task.cancelling(), 1);
                assert!(other.cancelled());
                // What this one waited for has accepted.
                assert_eq!(current_task().unwrap().cancelling(), 1);
                sleep(0).await
            })
            .unwrap();
        },
    );
}

//! Runs and their ends, where CPython's suite has no case.

use std::rc::Rc;

use kolo_executor::{Clock, Error, Kind, Result, Runner, Task, create_task, running_loop, sleep};

use crate::support::outcome::kind_of;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// Who has asked for a run knows that it was stopped. Others want to know of tasks that were pending when the loop was closed.
#[test]
fn a_run_that_was_stopped_is_not_reported_at_the_close() {
    async fn stops() -> Result<()> {
        running_loop().stop();
        sleep(0.1).await
    }
    for made_before in [false, true] {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let outcome = match made_before {
            false => event_loop.run_until_complete(stops()),
            true => event_loop.run_until_complete(event_loop.create_task(stops())),
        };
        assert_eq!(kind_of(outcome), Kind::Runtime);
        event_loop.close().unwrap();
        let expected: &[&str] = if made_before {
            &["Task was destroyed but it is pending!"]
        } else {
            &[]
        };
        assert_eq!(reports.messages(), expected);
    }
}

/// A callback that is an error of the program, and not of the loop, does not end the loop.
#[test]
fn a_task_that_fails_does_not_end_the_loop() {
    let event_loop = virtual_loop();
    let failed: Task<()> = event_loop.create_task(async { Err(Error::value("of a task")) });
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert_eq!(kind_of(failed.result()), Kind::Value);
}

/// A runner cannot be closed from within: that would pull the loop from under the task that does it.
#[test]
fn closing_a_runner_from_within_is_refused() {
    let runner = Rc::new(Runner::builder().clock(Clock::Virtual).build().unwrap());
    let inner = runner.clone();
    let outcome = runner.run(async move { inner.close() });
    assert_eq!(kind_of(outcome), Kind::Runtime);
    assert!(!runner.event_loop().is_closed());
}

/// What main leaves behind goes on in the next run.
#[test]
fn a_task_goes_on_in_the_next_run() {
    let event_loop = virtual_loop();
    let task = event_loop
        .run_until_complete(async { Ok(create_task(async { sleep(1).await.map(|()| 7) })) })
        .unwrap();
    assert!(!task.done());
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 7);
    assert_eq!(event_loop.time(), 1.0);
}

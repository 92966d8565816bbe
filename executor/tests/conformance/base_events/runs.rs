//! `run_until_complete`, and loops in loops.

use kolo_executor::{Error, Kind, Promise, Result, Task, sleep};

use super::running_loop_stop;
use crate::support::outcome::{error_of, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

fn ctrl_c() -> Error {
    Error::new(Kind::KeyboardInterrupt, "")
}

#[test]
fn test_run_until_complete_loop() {
    let (event_loop, other) = (virtual_loop(), virtual_loop());
    let promise: Promise<()> = event_loop.create_promise();
    assert_eq!(kind_of(other.run_until_complete(&promise)), Kind::Value);
    // It is as it was.
    promise.set_result(()).unwrap();
    event_loop.run_until_complete(promise).unwrap();
}

#[test]
fn test_run_until_complete_loop_orphan_future_close_loop() {
    let event_loop = virtual_loop();
    let fatal: Task<()> = event_loop.create_task(async { Err(ctrl_c()) });
    assert_eq!(kind_of(event_loop.run_until_complete(sleep(0.1))), Kind::KeyboardInterrupt);
    assert_eq!(kind_of(fatal.result()), Kind::KeyboardInterrupt);
    assert_eq!(event_loop.all_tasks().len(), 1, "the first sleeper is left");
    // It wakes in the middle of this run, which goes on.
    event_loop.run_until_complete(sleep(0.2)).unwrap();
    assert_eq!((event_loop.time(), event_loop.iterations()), (0.2, 7));
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn test_run_forever_keyboard_interrupt() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let outcome: Result<()> = event_loop.run_until_complete(async { Err(ctrl_c()) });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    event_loop.close().unwrap();
    assert!(reports.take().is_empty());
}

#[test]
fn test_run_until_complete_baseexception() {
    let event_loop = virtual_loop();
    let outcome: Result<()> = event_loop.run_until_complete(async { Err(ctrl_c()) });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    // No request to stop is left over, which would end this after one iteration.
    let adder = event_loop.clone();
    event_loop.call_soon(move || drop(adder.call_soon(running_loop_stop)));
    event_loop.run_forever().unwrap();
    assert_eq!(event_loop.iterations(), 3);
}

#[test]
fn test_create_named_task_with_default_factory() {
    let event_loop = virtual_loop();
    let task = Task::builder().name("test_task").spawn_on(&event_loop, async { Ok(()) });
    assert_eq!(task.name(), "test_task");
    event_loop.run_until_complete(task).unwrap();
}

#[test]
fn test_running_loop_within_a_loop() {
    let (outer, inner) = (virtual_loop(), virtual_loop());
    let outcome = outer.run_until_complete({
        let inner = inner.clone();
        async move { inner.run_forever() }
    });
    assert_eq!(
        error_of(outcome),
        (
            Kind::Runtime,
            "Cannot run the event loop while another loop is running".to_owned()
        )
    );
    assert!(!inner.is_running());
    inner.run_until_complete(async { Ok(()) }).unwrap();
}

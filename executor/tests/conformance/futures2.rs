//! CPython's test_futures2. One test for each case, under the case's name.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, run, tick};
use kolo_executor::{ContextVar, EventLoop, Result, Task, all_tasks, create_task, running_loop, sleep, wait_for};

use crate::support::outcome::boom;
use crate::support::runs::virtual_loop;

#[test]
fn test_future_traceback() {
    // Nothing collects tracebacks here. What is left of the case: every await of a failed task gives the same error.
    run(async {
        let error = boom("42");
        let raised = error.clone();
        let task = create_task(async move { Err::<(), _>(raised) });
        for _ in 0..5 {
            assert!((&task).await.unwrap_err().ptr_eq(&error));
        }
        Ok(())
    })
    .unwrap();
}

static NAME: ContextVar<&str> = ContextVar::with_default("name", || "foo");

/// Has the exception handler note the messages, and the name in the context in which it is called.
fn names_of_reports(event_loop: &EventLoop) -> Trace {
    let trace = Trace::new();
    let log = trace.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |report| {
        log.log(format!("{} in {}", report.message, NAME.get().unwrap()));
    })));
    trace
}

#[test]
fn test_task_exc_handler_correct_context() {
    let event_loop = virtual_loop();
    let reports = names_of_reports(&event_loop);
    let seen = reports.clone();
    event_loop
        .run_until_complete(async move {
            create_task(async {
                NAME.set("bar");
                Err::<(), _>(boom("no"))
            });
            sleep(0).await?;
            assert_eq!(seen.take(), ["Task exception was never retrieved in bar"]);
            assert_eq!(NAME.get(), Some("foo"));
            Ok(())
        })
        .unwrap();
    assert!(reports.take().is_empty());
}

#[test]
fn test_handle_exc_handler_correct_context() {
    let event_loop = virtual_loop();
    let reports = names_of_reports(&event_loop);
    let seen = reports.clone();
    event_loop
        .run_until_complete(async move {
            running_loop().call_soon(|| {
                NAME.set("bar");
                panic!("no");
            });
            sleep(0).await?;
            assert_eq!(seen.take(), ["Exception in callback in bar"]);
            assert_eq!(NAME.get(), Some("foo"));
            Ok(())
        })
        .unwrap();
    assert!(reports.take().is_empty());
    assert_eq!(NAME.get(), Some("foo"));
}

/// A list that can hold the task whose result it is.
#[derive(Clone, Debug, Default)]
struct Tasks(Rc<RefCell<Vec<Task<Tasks>>>>);

#[test]
fn test_recursive_repr_for_pending_tasks() {
    let tasks = run(async { wait_for(create_task(async { Ok(all_tasks()) }), 10).await }).unwrap();
    let shown = format!("{tasks:?}");
    assert!(shown.starts_with("[<Task ") && shown.len() < 1000, "{shown}");

    let event_loop = virtual_loop();
    let list = Tasks::default();
    let result = list.clone();
    let task: Task<Tasks> = event_loop.create_task(async move { Ok(result) });
    list.0.borrow_mut().push(task.clone());
    tick(&event_loop);
    let place = task.created_at();
    let name = task.name();
    let inner = format!("<Task finished name='{name}' created at {place}>");
    let expected = format!("<Task finished name='{name}' created at {place} result=Tasks(RefCell {{ value: [{inner}] }})>");
    assert_eq!(format!("{task:?}"), expected);
    let outcome: Result<Tasks> = task.result();
    outcome.unwrap().0.take();
}

//! Debug mode, and errors that nobody handles.

use std::process::Output;
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Error, EventLoop, Kind, Promise, Task, sleep};

use super::{log, running_loop_stop};
use crate::support::child::in_child;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// Runs `body` with a loop in a process of its own, and gives what that has printed to standard error.
fn stderr_of(name: &str, body: impl FnOnce(&EventLoop)) -> Option<String> {
    let Output { stderr, .. } = in_child(name, &[("KOLO_DEBUG", None)], || body(&virtual_loop()))?;
    Some(String::from_utf8(stderr).expect("text"))
}

#[test]
fn test_set_debug() {
    let event_loop = virtual_loop();
    for debug in [true, false] {
        event_loop.set_debug(debug);
        assert_eq!(event_loop.debug(), debug);
    }
}

#[test]
fn test_env_var_debug() {
    for (value, expected) in [(None, "debug=false"), (Some(""), "debug=false"), (Some("1"), "debug=true")] {
        let output = in_child(
            concat!(module_path!(), "::test_env_var_debug"),
            &[("KOLO_DEBUG", value)],
            || {
                println!("{:?}", EventLoop::new().unwrap());
            },
        );
        if let Some(output) = output {
            assert!(
                String::from_utf8_lossy(&output.stdout).contains(expected),
                "{value:?}: {output:?}"
            );
        }
    }
}

#[test]
fn test_log_slow_callbacks() {
    let printed = stderr_of(concat!(module_path!(), "::test_log_slow_callbacks"), |event_loop| {
        event_loop.set_debug(true);
        event_loop.set_slow_callback_duration(0);
        event_loop.call_soon(|| {});
        tick(event_loop);
        Task::builder().name("slow").spawn_on(event_loop, async { Ok(()) });
        tick(event_loop);
    });
    let Some(printed) = printed else { return };
    let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("Executing ")).collect();
    let [callback, task] = lines[..] else {
        panic!("two lines: {printed}")
    };
    assert!(callback.starts_with("Executing callback took "), "{callback}");
    assert!(task.starts_with("Executing <Task") && task.contains("name='slow'"), "{task}");
    assert!(lines.iter().all(|line| line.ends_with(" seconds")), "{printed}");
}

#[test]
fn test_default_exc_handler_callback() {
    let printed = stderr_of(concat!(module_path!(), "::test_default_exc_handler_callback"), |event_loop| {
        for delay in [None, Some(0.01)] {
            let promise: Promise<bool> = event_loop.create_promise();
            let setter = promise.clone();
            let callback = move || {
                setter.set_result(true).unwrap();
                panic!("after it was set");
            };
            promise.add_done_callback(|_| running_loop_stop());
            match delay {
                None => drop(event_loop.call_soon(callback)),
                Some(delay) => drop(event_loop.call_later(delay, callback)),
            }
            event_loop.run_forever().unwrap();
            assert!(promise.result().unwrap(), "what was done before the panic stands");
        }
    });
    if let Some(printed) = printed {
        assert_eq!(
            printed.matches("Exception in callback\nPanic: after it was set").count(),
            2,
            "{printed}"
        );
    }
}

#[test]
fn test_default_exc_handler_coro() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let task: Task<()> = event_loop.create_task(async {
        sleep(0.01).await?;
        Err(Error::value("nobody looks"))
    });
    task.add_done_callback(|_| running_loop_stop());
    event_loop.run_forever().unwrap();
    assert!(reports.take().is_empty(), "somebody may still look");
    drop(task);
    let [report] = &reports.take()[..] else { panic!("one report") };
    assert_eq!(report.message, "Task exception was never retrieved");
    assert_eq!(report.error.as_ref().map(Error::message), Some("nobody looks"));
}

#[test]
fn test_set_exc_handler_custom() {
    let printed = stderr_of(concat!(module_path!(), "::test_set_exc_handler_custom"), |event_loop| {
        assert!(event_loop.exception_handler().is_none());
        let reports = Reports::of(event_loop);
        assert!(event_loop.exception_handler().is_some());
        event_loop.call_soon(|| panic!("handled"));
        tick(event_loop);
        let [report] = &reports.take()[..] else { panic!("one report") };
        assert_eq!(report.message, "Exception in callback");
        let error = report.error.as_ref().expect("its error");
        assert_eq!((error.kind(), error.message()), (Kind::Panic, "handled"));

        event_loop.set_exception_handler(None);
        assert!(event_loop.exception_handler().is_none());
        event_loop.call_soon(|| panic!("printed"));
        tick(event_loop);
        assert!(reports.take().is_empty());
    });
    if let Some(printed) = printed {
        assert!(printed.contains("Exception in callback\nPanic: printed"), "{printed}");
        assert!(!printed.contains("Panic: handled"), "{printed}");
    }
}

#[test]
fn test_set_exc_handler_broken() {
    let printed = stderr_of(concat!(module_path!(), "::test_set_exc_handler_broken"), |event_loop| {
        let goes_on = Trace::new();
        event_loop.set_exception_handler(Some(Rc::new(|_| panic!("spam"))));
        event_loop.call_soon(|| panic!("the first"));
        event_loop.call_soon(log(&goes_on, "the loop goes on"));
        tick(event_loop);
        assert_eq!(goes_on.take(), ["the loop goes on"]);
    });
    if let Some(printed) = printed {
        assert!(
            printed.contains("Unhandled error in exception handler\nPanic: spam"),
            "{printed}"
        );
        assert!(printed.contains("Exception in callback\nPanic: the first"), "{printed}");
    }
}

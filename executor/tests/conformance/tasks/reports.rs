//! What is reported of tasks, and debug mode.

use kolo_executor::testing::tick;
use kolo_executor::{EventLoop, Promise, create_task, sleep};

use crate::support::child::in_child;
use crate::support::outcome::boom;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

#[test]
fn test_log_destroyed_pending_task() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.set_deadlock_detection(false);
    let task = event_loop
        .create_task(async {
            Promise::<()>::new().await?;
            Ok(())
        })
        .as_any_task();
    assert_eq!(event_loop.all_tasks(), std::slice::from_ref(&task));
    tick(&event_loop);
    // The loop owns its tasks: only with the loop can one go before it is done.
    assert_eq!(event_loop.all_tasks(), std::slice::from_ref(&task));
    event_loop.close().unwrap();
    assert_eq!(event_loop.all_tasks(), []);
    let reports = reports.take();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].message, "Task was destroyed but it is pending!");
    assert_eq!(reports[0].task, Some(task));
    assert!(reports[0].error.is_none());
}

#[test]
fn test_tb_logger_not_called_after_cancel() {
    for cancels in [true, false] {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let outcome = event_loop.run_until_complete(async move {
            let task = create_task(async { Err::<(), _>(boom("nobody looks")) });
            sleep(0.05).await?;
            assert!(task.done());
            if cancels {
                assert!(!task.cancel());
            }
            Ok(())
        });
        outcome.unwrap();
        let expected: &[&str] = if cancels {
            &[]
        } else {
            &["Task exception was never retrieved"]
        };
        assert_eq!(reports.messages(), expected);
    }
}

#[test]
fn test_env_var_debug() {
    for (value, expected) in [
        (None, "debug mode is false"),
        (Some(""), "debug mode is false"),
        (Some("1"), "debug mode is true"),
    ] {
        let output = in_child(
            concat!(module_path!(), "::test_env_var_debug"),
            &[("KOLO_DEBUG", value)],
            || {
                let debug = EventLoop::new().unwrap().debug();
                println!("debug mode is {debug}");
                assert_eq!(std::env::var("KOLO_DEBUG").is_ok_and(|value| value == "1"), debug);
            },
        );
        if let Some(output) = output {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains(expected), "KOLO_DEBUG={value:?}: {text}");
        }
    }
}

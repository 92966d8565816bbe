//! Errors that nobody looks at.

use kolo_executor::testing::tick;
use kolo_executor::{EventLoop, Promise};

use crate::support::outcome::boom;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// What is reported when a promise goes after `use_it` has done something with it.
fn reports_after(use_it: impl FnOnce(&Promise<i32>)) -> Vec<String> {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let promise = event_loop.create_promise();
    use_it(&promise);
    drop(promise);
    tick(&event_loop);
    reports.messages()
}

const SILENCE: [String; 0] = [];

#[test]
fn test_tb_logger_abandoned() {
    assert_eq!(reports_after(|_| ()), SILENCE);
}

#[test]
fn test_tb_logger_not_called_after_cancel() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("no")).unwrap();
        assert!(!promise.cancel());
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_result_unretrieved() {
    assert_eq!(reports_after(|promise| promise.set_result(42).unwrap()), SILENCE);
}

#[test]
fn test_tb_logger_result_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_result(42).unwrap();
        promise.result().unwrap();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_exception_unretrieved() {
    let reports = reports_after(|promise| promise.set_error(boom("boom")).unwrap());
    assert_eq!(reports, ["Promise exception was never retrieved"]);
}

#[test]
fn test_tb_logger_exception_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("boom")).unwrap();
        promise.error().unwrap();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_exception_result_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("boom")).unwrap();
        promise.result().unwrap_err();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_future_exception_never_retrieved() {
    for debug in [false, true] {
        let event_loop = virtual_loop();
        event_loop.set_debug(debug);
        let reports = Reports::of(&event_loop);
        let error = boom("out of memory");
        let promise = event_loop.create_promise::<()>();
        promise.set_error(error.clone()).unwrap();
        let second = promise.clone();
        drop(promise);
        assert!(reports.take().is_empty(), "a handle is left");
        drop(second);
        let reports = reports.take();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].message, "Promise exception was never retrieved");
        assert!(reports[0].error.as_ref().unwrap().ptr_eq(&error));
        assert_eq!(
            format!("{:?}", reports[0].promise.as_ref().unwrap()),
            "<Promise finished error=Other('out of memory')>"
        );
        assert!(reports[0].task.is_none());
    }
}

#[test]
fn test_future_del_collect() {
    // No garbage is collected here. What is left of the case: values whose destructors use promises and the loop.
    struct Evil(EventLoop);
    impl Drop for Evil {
        fn drop(&mut self) {
            let promise = self.0.create_promise();
            promise.add_done_callback(|_| ());
            promise.set_result(()).unwrap();
        }
    }
    let event_loop = virtual_loop();
    for _ in 0..100 {
        let promise = event_loop.create_promise();
        promise.set_result(Evil(event_loop.clone())).unwrap();
    }
    tick(&event_loop);
    assert_eq!(event_loop.turn().unwrap(), kolo_executor::Turn::Done);
}

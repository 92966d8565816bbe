//! Callbacks of promises, where CPython's suite has no case.

use kolo_executor::create_task;
use kolo_executor::testing::{Trace, hops};

use crate::support::lives::DropFlag;
use crate::support::runs::virtual_loop;

#[test]
fn a_callback_added_late_runs_a_hop_later() {
    // A callback that is added to a promise that is done runs a hop later, after those that were there before.
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let promise = event_loop.create_promise::<()>();
    let (first, second) = (trace.clone(), trace.clone());
    event_loop
        .run_until_complete(async move {
            first.start();
            let log = first.clone();
            promise.add_done_callback(move |promise| {
                first.log_iteration("first");
                promise.add_done_callback(move |_| first.log_iteration("late"));
            });
            promise.add_done_callback(move |_| second.log_iteration("second"));
            let setter = promise.clone();
            create_task(async move { setter.set_result(()) });
            promise.await?;
            log.log_iteration("awaiter");
            hops(1).await
        })
        .unwrap();
    assert_eq!(trace.take(), ["+2 first", "+2 second", "+2 awaiter", "+3 late"]);
}

#[test]
fn callbacks_are_dropped_with_the_loop() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let promise = event_loop.create_promise::<()>();
    event_loop.close().unwrap();
    promise.add_done_callback(move |_| drop(flag));
    promise.set_result(()).unwrap();
    assert!(dropped.get(), "nobody will ever run it");
}

//! shield, alone and with gather.

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Kind, Promise, gather, shield};

use super::{NO_LOOP, inside, promises, settle};
use crate::support::lives::DropFlag;
use crate::support::outcome::{boom, kind_of, panic_of};
use crate::support::reports::Reports;
use crate::support::runs::{ticks, virtual_loop};

#[test]
fn test_shield_result() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    promise.set_result(42).unwrap();
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

#[test]
fn test_shield_exception() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    let error = boom("expected");
    promise.set_error(error.clone()).unwrap();
    assert!(!outer.done());
    tick(&event_loop);
    assert!(outer.error().unwrap().unwrap().ptr_eq(&error));
    assert!(!promise.has_unretrieved_error());
}

#[test]
fn test_shield_cancel_inner() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    promise.cancel();
    assert!(!outer.done());
    tick(&event_loop);
    assert!(outer.cancelled());
}

#[test]
fn test_shield_cancel_outer() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    outer.add_done_callback(move |_| drop(flag));
    assert!(outer.cancel());
    assert!(outer.cancelled() && !promise.done());
    assert!(!dropped.get(), "its callbacks run a hop later");
    tick(&event_loop);
    assert!(dropped.get());
    promise.set_result(()).unwrap();
    let before = event_loop.iterations();
    settle(&event_loop);
    assert_eq!(
        event_loop.iterations(),
        before + 1,
        "nothing of the shield is left on what it shielded"
    );
}

#[test]
fn test_shield_shortcut() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    promise.set_result(42).unwrap();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(inner));
    assert!(outer.ptr_eq(&promise), "the promise itself");
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

#[test]
fn test_shield_effect() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let (inner_log, outer_log, waited) = (trace.clone(), trace.clone(), waiter.clone());
    let outer = event_loop.create_task(async move {
        let inner = async move {
            waited.await?;
            inner_log.log("inner");
            Ok(())
        };
        shield(inner).await?;
        outer_log.log("outer");
        Ok(())
    });
    ticks(&event_loop, 2);
    assert!(outer.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(outer)), Kind::Cancelled);
    assert!(!waiter.done());
    waiter.set_result(()).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["inner"]);
}

#[test]
fn test_shield_gather() {
    let event_loop = virtual_loop();
    let children: [Promise<i32>; 2] = promises(&event_loop);
    let given = children.clone();
    let (parent, outer) = inside(&event_loop, move || {
        let parent = gather(given);
        (parent.clone(), shield(parent))
    });
    assert!(outer.cancel());
    tick(&event_loop);
    assert!(outer.cancelled() && !parent.done());
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    tick(&event_loop);
    assert_eq!(parent.result().unwrap(), [1, 2]);
}

#[test]
fn test_gather_shield() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let children: [Promise<i32>; 2] = promises(&event_loop);
    let given = children.clone();
    let (shields, parent) = inside(&event_loop, move || {
        let shields = given.map(|child| shield(&child));
        (shields.clone(), gather(shields))
    });
    assert!(parent.cancel());
    tick(&event_loop);
    assert!(!parent.cancelled());
    assert_eq!(parent.error().unwrap().unwrap().kind(), Kind::Cancelled);
    assert!(shields.iter().all(|outer| outer.cancelled()));
    assert!(children.iter().all(|child| !child.done()));
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    settle(&event_loop);
    assert!(reports.messages().is_empty());
}

#[test]
fn test_shield_coroutine_without_loop() {
    let (dropped, flag) = DropFlag::new();
    let message = panic_of(|| {
        shield(async move {
            let _flag = flag;
            Ok(42)
        })
    });
    assert_eq!(message, format!("shield: {NO_LOOP}"));
    assert!(dropped.get());
}

#[test]
fn test_shield_coroutine_use_running_loop() {
    let event_loop = virtual_loop();
    let outer = inside(&event_loop, || shield(async { Ok(42) }));
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

//! What is gathered, and where; gathers that are cancelled.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Error, Kind, Promise, Result, Task, create_task, gather};

use super::{NO_LOOP, Through, gathered, inside, promises, settle};
use crate::support::outcome::{error_of, kind_of, panic_of};
use crate::support::reports::Reports;
use crate::support::runs::{ticks, virtual_loop};

#[test]
fn test_constructor_empty_sequence_without_loop() {
    let message = panic_of(|| gather(Vec::<Task<()>>::new()));
    assert_eq!(message, format!("gather: {NO_LOOP}"));
}

#[test]
fn test_constructor_empty_sequence_use_running_loop() {
    let event_loop = virtual_loop();
    let nothing = inside(&event_loop, || {
        let nothing = gather(Vec::<Task<i32>>::new());
        assert!(nothing.done(), "at once");
        nothing
    });
    assert_eq!(nothing.result().unwrap(), []);
    // Awaiting it is no hop.
    let before = event_loop.iterations();
    assert_eq!(event_loop.run_until_complete(async move { nothing.await }).unwrap(), []);
    assert_eq!(event_loop.iterations() - before, 2);
}

#[test]
fn test_constructor_heterogenous_futures() {
    let (one, other) = (virtual_loop(), virtual_loop());
    let (near, far) = (one.create_promise::<()>(), other.create_promise::<()>());
    let children = [near.clone(), far.clone()];
    let refused = error_of(one.run_until_complete(async move { gather(&children).await }));
    let message = "The future belongs to a different loop than the one specified as the loop argument";
    assert_eq!(refused, (Kind::Value, message.to_owned()));
    assert!(!near.done() && !far.done());
    near.set_result(()).unwrap();
    far.set_result(()).unwrap();
    settle(&one);
    settle(&other);
}

#[test]
fn test_constructor_homogenous_futures() {
    let event_loop = virtual_loop();
    let children: [Promise<i32>; 3] = promises(&event_loop);
    let first = gathered(&event_loop, Through::Promises, &children);
    settle(&event_loop);
    assert!(!first.any().done());
    let second = gathered(&event_loop, Through::Promises, &children);
    settle(&event_loop);
    assert!(!second.any().done());
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    settle(&event_loop);
    assert_eq!(first.result().unwrap(), [1, 2, 3]);
    assert_eq!(second.result().unwrap(), [1, 2, 3]);
}

async fn abc() -> Result<&'static str> {
    Ok("abc")
}

#[test]
fn test_constructor_without_loop() {
    let began = Rc::new(Cell::new(false));
    let coroutines = [(); 2].map(|()| {
        let flag = began.clone();
        async move {
            flag.set(true);
            Ok(())
        }
    });
    assert_eq!(panic_of(|| gather(coroutines)), format!("gather: {NO_LOOP}"));
    assert_eq!(
        panic_of(|| kolo_executor::gather!(abc(), abc())),
        format!("gather!: {NO_LOOP}")
    );
    assert!(!began.get());
}

#[test]
fn test_constructor_use_running_loop() {
    let event_loop = virtual_loop();
    let gather = inside(&event_loop, || gather([abc(), abc()]));
    assert!(!gather.done());
    assert_eq!(
        event_loop.run_until_complete(async move { gather.await }).unwrap(),
        ["abc", "abc"]
    );
}

#[test]
fn test_duplicate_coroutines() {
    let event_loop = virtual_loop();
    let values = event_loop.run_until_complete(async {
        let c = create_task(abc());
        let d = create_task(async { Ok("def") });
        gather([&c, &c, &d, &c]).await
    });
    assert_eq!(values.unwrap(), ["abc", "abc", "def", "abc"]);
}

#[test]
fn test_issue46672() {
    // Nothing can be gathered that cannot be awaited. What is left of the case: one child runs when the making of the next fails.
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let (trace, failed) = (Trace::new(), Rc::new(Cell::new(false)));
    let (log, flag) = (trace.clone(), failed.clone());
    event_loop
        .run_until_complete(async move {
            let children = (0..2).map(|number| {
                assert_eq!(number, 0, "no second child");
                let log = log.clone();
                async move {
                    log.log("the first child");
                    Ok(())
                }
            });
            let message = panic_of(|| gather(children));
            flag.set(message.contains("no second child"));
            Ok(())
        })
        .unwrap();
    settle(&event_loop);
    assert!(failed.get());
    assert_eq!(trace.take(), ["the first child"]);
    assert_eq!(event_loop.all_tasks(), []);
    assert!(reports.messages().is_empty());
}

#[test]
fn test_cancellation_broadcast() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let children = [(); 2].map(|()| {
        let (waiter, log) = (waiter.clone(), trace.clone());
        event_loop.create_task(async move {
            (&waiter).await?;
            log.log("inner");
            Ok(())
        })
    });
    let gatherer = Rc::new(std::cell::OnceCell::new());
    let (slot, given, log) = (gatherer.clone(), children.clone(), trace.clone());
    let outer = event_loop.create_task(async move {
        let all = gather(&given);
        assert!(slot.set(all.clone()).is_ok());
        all.await?;
        log.log("outer");
        Ok(())
    });
    ticks(&event_loop, 2);
    assert!(outer.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&outer)), Kind::Cancelled);
    let gatherer = gatherer.get().unwrap();
    assert!(!gatherer.cancel());
    assert!(!gatherer.cancelled());
    assert!(waiter.cancelled());
    assert!(children.iter().all(|child| child.cancelled() && child.cancelling() == 1));
    settle(&event_loop);
    assert!(trace.take().is_empty());
}

#[test]
fn test_cancel_gather_1() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let waited = promise.clone();
    let gather = inside(&event_loop, move || gather([async move { waited.await }]));
    tick(&event_loop);
    let (target, answer) = (gather.clone(), Rc::new(Cell::new(None)));
    let slot = answer.clone();
    promise.add_done_callback(move |_| slot.set(Some(target.cancel())));
    promise.set_result(42).unwrap();
    assert_eq!(event_loop.run_until_complete(gather.clone()).unwrap(), [42]);
    assert_eq!(answer.get(), Some(false));
    assert!(!gather.cancelled());
}

#[test]
fn test_exception_marking() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let [a, b] = promises::<(), 2>(&event_loop);
    let waited = [a.clone(), b.clone()];
    let outer = event_loop.create_task(async move {
        gather(waited.map(|promise| async move {
            promise.await?;
            Err::<(), _>(Error::runtime("should not be ignored"))
        }))
        .await
    });
    ticks(&event_loop, 2);
    a.set_result(()).unwrap();
    ticks(&event_loop, 2);
    b.set_result(()).unwrap();
    settle(&event_loop);
    assert_eq!(outer.error().unwrap().unwrap().kind(), Kind::Runtime);
    drop(outer);
    assert!(reports.messages().is_empty(), "the second error counts as seen");
}

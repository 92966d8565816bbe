//! Awaiting the wrong thing, and asking too early or too often.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::testing::run;
use kolo_executor::{Gather, Kind, Promise, Task, as_completed, create_task, gather, running_loop, shield, timeout, wait_for};

use super::{runtime, value};
use crate::support::outcome::{boom, error_of};
use crate::support::runs::virtual_loop;

#[test]
fn a_task_that_awaits_itself_is_told_so() {
    let outcome = run(async {
        let own = Rc::new(RefCell::new(None::<Task<&str>>));
        let slot = own.clone();
        let task = Task::builder().name("narcissus").spawn(async move {
            let own = slot.take().unwrap();
            // It may catch the error, and go on.
            assert_eq!(error_of((&own).await), runtime("Task cannot await on itself: 'narcissus'"));
            assert!(!own.cancelled() && own.cancelling() == 0);
            Ok("content")
        });
        own.replace(Some(task.clone()));
        task.await
    });
    assert_eq!(outcome.unwrap(), "content");
}

#[test]
fn a_promise_of_another_loop_is_refused() {
    let (near, far) = (virtual_loop(), virtual_loop());
    let promise = far.create_promise::<i32>();
    let foreign = promise.clone();
    let task = near.create_task(async move {
        let attached = runtime("Task 'reader' awaits <Promise pending>, which is attached to a different loop");
        let iterations = running_loop().iterations();
        assert_eq!(error_of((&foreign).await), attached);
        assert_eq!(running_loop().iterations() - iterations, 1, "a hop later");
        assert_eq!(error_of(wait_for(&foreign, 1).await), attached);
        assert_eq!(error_of(timeout(1, (&foreign).into_future()).await), attached);
        assert_eq!(error_of(shield(&foreign).await), attached);

        let different = value("The future belongs to a different loop than the one specified as the loop argument");
        // As in asyncio, a gather belongs to the loop of the first of its children, and the others have to as well.
        let gathered = runtime("Task 'reader' awaits <Gather pending>, which is attached to a different loop");
        assert_eq!(error_of(gather([&foreign]).await), gathered);
        assert_eq!(error_of(gather([&foreign]).return_exceptions().await), gathered);
        let own = Promise::new();
        assert_eq!(error_of(gather([&own, &foreign]).await), different);
        assert_eq!(error_of(gather([&foreign, &own]).await), different);
        let mut results = as_completed([&foreign]);
        assert_eq!(error_of(results.next().await.unwrap()), different);
        assert!(results.next().await.is_none());
        Ok(())
    });
    task.set_name("reader");
    near.run_until_complete(task).unwrap();
    let different = value("The future belongs to a different loop than the one specified as the loop argument");
    assert_eq!(error_of(near.run_until_complete(&promise)), different);

    // Its own loop takes no notice, and one that is done is anybody's.
    promise.set_result(5).unwrap();
    assert_eq!(far.run_until_complete(&promise).unwrap(), 5);
    assert_eq!(near.run_until_complete(async move { promise.await }).unwrap(), 5);
}

#[test]
fn a_value_is_moved_out_once() {
    let moved_out = (
        Kind::InvalidState,
        "the result was already moved out; await a reference (`(&promise).await`) to get a copy of it".to_owned(),
    );
    let refused = run(async {
        let task = create_task(async { Ok(String::from("only")) });
        assert_eq!(task.clone().await?, "only");
        let twice = create_task(async { Ok(1) });
        Ok([
            error_of(task.result()),
            error_of(task.await),
            error_of(gather([twice.clone(), twice]).await),
        ])
    });
    assert_eq!(refused.unwrap(), [moved_out.clone(), moved_out.clone(), moved_out]);
}

#[test]
fn a_promise_is_completed_once() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    promise.set_result(1).unwrap();
    let done = (Kind::InvalidState, "invalid state: <Promise finished>".to_owned());
    assert_eq!(error_of(promise.set_result(2)), done);
    assert_eq!(error_of(promise.set_error(boom("late"))), done);
    assert!(!promise.cancel());
    assert_eq!(promise.result().unwrap(), 1);

    let cancelled = event_loop.create_promise::<i32>();
    assert!(cancelled.cancel());
    let done = (Kind::InvalidState, "invalid state: <Promise cancelled>".to_owned());
    assert_eq!(error_of(cancelled.set_result(2)), done);
}

#[test]
fn the_outcome_of_a_task_is_its_own() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async { Ok(1) });
    task.set_name("own");
    let shown = format!("<Task pending name='own' created at {}>", task.created_at());
    let refused = |operation: &str| runtime(&format!("{shown} does not support {operation}: its outcome is its own"));
    assert_eq!(error_of(task.set_result(2)), refused("set_result"));
    assert_eq!(error_of(task.set_error(boom("no"))), refused("set_error"));
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 1);

    // A gather's, too.
    let child = event_loop.create_promise::<()>();
    let given = child.clone();
    let all: Gather<_> = event_loop.run_until_complete(async move { Ok(gather([&given])) }).unwrap();
    let outer = all.as_any().downcast::<()>().expect("the promise that stands for it");
    let refused = runtime("<Gather pending> does not support set_result: its outcome is its own");
    assert_eq!(error_of(outer.set_result(())), refused);
}

#[test]
fn an_outcome_is_not_there_before_it_is() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let not_set = |what: &str| (Kind::InvalidState, format!("{what} is not set."));
    assert_eq!(error_of(promise.result()), not_set("Result"));
    assert_eq!(error_of(promise.take_result()), not_set("Result"));
    assert_eq!(error_of(promise.error()), not_set("Exception"));
    assert_eq!(error_of(promise.as_any().error()), not_set("Exception"));
    // Looking at it has changed nothing.
    promise.set_result(1).unwrap();
    assert_eq!(promise.take_result().unwrap(), 1);
}

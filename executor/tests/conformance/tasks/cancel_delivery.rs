//! Where a cancellation is delivered.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Error, Kind, Result, Task, Turn, create_task, running_loop, sleep, wait};

use crate::support::lives::DropFlag;
use crate::support::outcome::kind_of;
use crate::support::reports::Reports;
use crate::support::runs::{ticks, virtual_loop};

#[test]
fn test_cancel_yield() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let log = trace.clone();
    let task = event_loop.create_task(async move {
        sleep(0).await.inspect_err(|_| log.log("at the first"))?;
        sleep(0).await.inspect_err(|_| log.log("at the second"))?;
        Ok(12)
    });
    tick(&event_loop);
    assert!(task.cancel());
    tick(&event_loop);
    assert!(task.done() && task.cancelled());
    assert!(!task.cancel());
    assert_eq!(trace.take(), ["at the first"]);
    assert_eq!(kind_of(event_loop.run_until_complete(task)), Kind::Cancelled);
}

#[test]
fn test_cancel_inner_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let waited = promise.clone();
    let task = event_loop.create_task(async move {
        waited.await?;
        Ok(12)
    });
    tick(&event_loop);
    assert!(promise.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(promise.cancelled() && task.cancelled());
    assert_eq!(task.cancelling(), 0);
}

#[test]
fn test_cancel_both_task_and_inner_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let delivered = Rc::new(Cell::new(0));
    let (waited, count) = (promise.clone(), delivered.clone());
    let task = event_loop.create_task(async move {
        waited.await.inspect_err(|_| count.set(count.get() + 1))?;
        Ok(12)
    });
    tick(&event_loop);
    assert!(promise.cancel());
    assert!(task.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.done() && promise.cancelled() && task.cancelled());
    assert_eq!((delivered.get(), task.cancelling()), (1, 1));
}

#[test]
fn test_cancel_task_catching() {
    let event_loop = virtual_loop();
    let (first, second) = (event_loop.create_promise::<()>(), event_loop.create_promise::<()>());
    let waited = (first.clone(), second.clone());
    let task = event_loop.create_task(async move {
        waited.0.await?;
        match waited.1.await {
            Err(error) if error.is_cancelled() => Ok(42),
            other => other.map(|()| 0),
        }
    });
    tick(&event_loop);
    first.set_result(()).unwrap();
    tick(&event_loop);
    assert!(task.cancel());
    assert!(second.cancelled(), "at once");
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), 42);
    assert!(!task.cancelled());
    assert_eq!(task.cancelling(), 1);
}

#[test]
fn test_cancel_task_ignoring() {
    let event_loop = virtual_loop();
    let first = event_loop.create_promise::<()>();
    let second = event_loop.create_promise::<()>();
    let third = event_loop.create_promise::<i32>();
    let waited = (first.clone(), second.clone(), third.clone());
    let task = event_loop.create_task(async move {
        waited.0.await?;
        assert!(waited.1.await.unwrap_err().is_cancelled());
        waited.2.await
    });
    tick(&event_loop);
    first.set_result(()).unwrap();
    tick(&event_loop);
    assert!(task.cancel());
    assert!(second.cancelled());
    tick(&event_loop);
    assert!(!third.done());
    third.set_result(42).unwrap();
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), 42);
    assert!(!third.cancelled() && !task.cancelled());
}

/// Runs a coroutine that is given its own task.
fn run_with_own<T, C>(make: impl FnOnce(Rc<OnceCell<Task<T>>>) -> C) -> (kolo_executor::EventLoop, Task<T>, Result<()>)
where
    T: Clone + 'static,
    C: Future<Output = Result<T>> + 'static,
{
    let event_loop = virtual_loop();
    let own = Rc::new(OnceCell::new());
    let task = event_loop.create_task(make(own.clone()));
    assert!(own.set(task.clone()).is_ok());
    let outcome = event_loop.run_until_complete(&task).map(|_| ());
    (event_loop, task, outcome)
}

#[test]
fn test_cancel_current_task() {
    let trace = Trace::new();
    let log = trace.clone();
    let (event_loop, task, outcome) = run_with_own(|own| async move {
        assert!(own.get().unwrap().cancel());
        log.start();
        log.log_iteration("goes on");
        sleep(100).await.inspect_err(|_| log.log_iteration("cancelled"))?;
        Ok(12)
    });
    assert_eq!(kind_of(outcome), Kind::Cancelled);
    assert!(task.done() && task.cancelled());
    assert!(!task.cancel());
    assert_eq!(trace.take(), ["+0 goes on", "+1 cancelled"]);
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn test_cancel_at_end() {
    let (event_loop, task, outcome) = run_with_own(|own| async move {
        assert!(own.get().unwrap().cancel());
        Ok(12)
    });
    assert_eq!(kind_of(outcome), Kind::Cancelled);
    assert!(task.done() && task.cancelled());
    assert!(!task.cancel());
    assert_eq!(kind_of(task.result()), Kind::Cancelled);
    assert_eq!(event_loop.iterations(), 2);
}

#[test]
fn test_cancel_awaited_task() {
    let event_loop = virtual_loop();
    let leaf = event_loop.create_promise::<()>();
    let own = Rc::new(OnceCell::<Task<()>>::new());
    let nested = Rc::new(OnceCell::<Task<()>>::new());
    let (waited, itself, inner) = (leaf.clone(), own.clone(), nested.clone());
    let seen = leaf.clone();
    let task = event_loop.create_task(async move {
        let sub = create_task(async move { waited.await });
        assert!(inner.set(sub.clone()).is_ok());
        sleep(0).await?;
        itself.get().unwrap().cancel();
        assert!(!seen.done());
        sub.await
    });
    assert!(own.set(task.clone()).is_ok());
    ticks(&event_loop, 2);
    assert!(leaf.cancelled(), "in the very step");
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.cancelled() && nested.get().unwrap().cancelled() && leaf.cancelled());
}

#[test]
fn test_sleep_cancel() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(sleep(10));
    assert_eq!(event_loop.turn().unwrap(), Turn::At(10.0));
    task.cancel();
    assert_eq!(event_loop.turn().unwrap(), Turn::Done, "no timer is left");
    assert!(task.cancelled());
    assert_eq!(event_loop.iterations(), 2);
}

#[test]
fn test_task_cancel_sleeping_task() {
    let event_loop = virtual_loop();
    let outcome = event_loop.run_until_complete(async {
        let sleeper = create_task(sleep(5000));
        let target = sleeper.clone();
        running_loop().call_later(0.1, move || {
            target.cancel();
        });
        match sleeper.await {
            Err(error) if error.is_cancelled() => Ok("cancelled"),
            other => other.map(|()| "slept in"),
        }
    });
    assert_eq!(outcome.unwrap(), "cancelled");
    assert_eq!(event_loop.time(), 0.1);
}

#[test]
fn test_task_cancel_waiter_future() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let promise = event_loop.create_promise::<DropFlag>();
    let waited = promise.clone();
    let task = event_loop.create_task(async move { waited.await.map(drop) });
    tick(&event_loop);
    assert!(format!("{task:?}").contains("waiting for <Promise pending>"));
    task.cancel();
    assert!(promise.cancelled(), "at once");
    tick(&event_loop);
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(!format!("{task:?}").contains("waiting for"));
    drop((flag, promise));
    assert!(dropped.get());
}

#[test]
fn test_yield_future_passes_cancel() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let (log, waited) = (trace.clone(), waiter.clone());
    let task = event_loop.create_task(async move {
        let inner = async { waited.await.inspect_err(|_| log.log("inner")) };
        if inner.await.is_err() {
            log.log("outer");
        }
        Ok(())
    });
    tick(&event_loop);
    task.cancel();
    event_loop.run_until_complete(&task).unwrap();
    assert_eq!(trace.take(), ["inner", "outer"]);
    assert!(waiter.cancelled() && !task.cancelled());
}

#[test]
fn test_yield_wait_does_not_shield_cancel() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let (inner_log, outer_log, waited) = (trace.clone(), trace.clone(), waiter.clone());
    let outer = event_loop.create_task(async move {
        let inner = create_task(async move {
            waited.await?;
            inner_log.log("inner");
            Ok(())
        });
        wait([inner]).await?;
        outer_log.log("outer");
        Ok(())
    });
    ticks(&event_loop, 2);
    outer.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(outer)), Kind::Cancelled);
    assert!(!waiter.done());
    waiter.set_result(()).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["inner"]);
}

#[test]
fn test_baseexception_during_cancel() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let fatal = Error::new(Kind::KeyboardInterrupt, "enough");
    let raised = fatal.clone();
    let task = event_loop.create_task(async move {
        match sleep(10).await {
            Err(error) if error.is_cancelled() => Err(raised),
            other => other,
        }
    });
    tick(&event_loop);
    task.cancel();
    assert!(!task.done());
    let later = Rc::new(Cell::new(false));
    let flag = later.clone();
    event_loop.call_soon(move || flag.set(true));
    let ended = event_loop.run_forever().unwrap_err();
    assert!(ended.ptr_eq(&fatal));
    assert!(task.done() && !task.cancelled());
    assert!(task.error().unwrap().unwrap().ptr_eq(&fatal));
    // What stood behind it in the iteration is still there for the next run.
    assert!(!later.get());
    tick(&event_loop);
    assert!(later.get());
    assert!(reports.messages().is_empty());
}

//! Making tasks, of whatever can be awaited.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context as PollContext, Poll};

use kolo_executor::testing::{run, tick};
use kolo_executor::{Kind, Result, Task, create_task, ensure_future, sleep_with};

use super::ok;
use crate::support::lives::DropFlag;
use crate::support::outcome::{error_of, panic_of};
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

#[test]
fn test_task_class() {
    let first = virtual_loop();
    let task = first.create_task(ok());
    assert_eq!(first.run_until_complete(&task).unwrap(), "ok");
    assert!(task.done());
    assert_eq!(task.result().unwrap(), "ok");
    assert_eq!(task.event_loop().unwrap(), first);

    let second = virtual_loop();
    let task = second.create_task(ok());
    assert_eq!(task.event_loop().unwrap(), second);
    assert_ne!(task.event_loop().unwrap(), first);
    assert_eq!(second.run_until_complete(task).unwrap(), "ok");
}

#[test]
fn test_ensure_future_coroutine() {
    let event_loop = virtual_loop();
    let task = event_loop.run_until_complete(async { Ok(ensure_future(ok())) }).unwrap();
    assert_eq!(task.event_loop().unwrap(), event_loop);
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), "ok");
    assert!(task.done());

    // Without a loop the coroutine is dropped before it has run.
    let (dropped, flag) = DropFlag::new();
    let coroutine = async move {
        let _flag = flag;
        panic!("it never runs")
    };
    let message = panic_of(|| ensure_future::<Pin<Box<dyn Future<Output = Result<()>>>>>(Box::pin(coroutine)));
    assert_eq!(
        message,
        "ensure_future: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`"
    );
    assert!(dropped.get());
}

#[test]
fn test_ensure_future_task() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    let same = task.clone();
    event_loop
        .run_until_complete(async move {
            let handle = ensure_future(&same);
            assert!(handle.ptr_eq(&same));
            assert!(ensure_future(handle).ptr_eq(&same));
            same.await
        })
        .unwrap();

    // Another loop refuses it, and its state does not change.
    let other = virtual_loop();
    let foreign = event_loop.create_task(ok());
    let refused = error_of(other.run_until_complete(&foreign));
    let message = "The future belongs to a different loop than the one specified as the loop argument";
    assert_eq!(refused, (Kind::Value, message.to_owned()));
    assert!(!foreign.done());
    assert_eq!(event_loop.run_until_complete(foreign).unwrap(), "ok");
}

/// Something that can be awaited and is no future.
struct Awaitable(Ready<Result<&'static str>>);

impl IntoFuture for Awaitable {
    type Output = Result<&'static str>;
    type IntoFuture = Ready<Result<&'static str>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0
    }
}

#[test]
fn test_ensure_future_awaitable() {
    let awaitable = Awaitable(ready(Ok("ok")));
    let event_loop = virtual_loop();
    assert_eq!(event_loop.run_until_complete(awaitable.into_future()).unwrap(), "ok");
}

#[test]
fn test_ensure_future_task_awaitable() {
    struct Slow;
    impl IntoFuture for Slow {
        type Output = Result<&'static str>;
        type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

        fn into_future(self) -> Self::IntoFuture {
            Box::pin(sleep_with(0, "ok"))
        }
    }
    let event_loop = virtual_loop();
    let task = event_loop.create_task(Slow.into_future());
    tick(&event_loop);
    assert!(!task.done());
    tick(&event_loop);
    assert_eq!(task.result().unwrap(), "ok");
}

#[test]
fn test_create_task_with_async_function() {
    for _ in 0..2 {
        let event_loop = virtual_loop();
        let task: Task<&str> = event_loop.create_task(ok());
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
    }
}

/// A future written by hand: suspends once, then gives 42.
struct ByHand {
    suspended: bool,
}

impl Future for ByHand {
    type Output = Result<i32>;

    fn poll(mut self: Pin<&mut Self>, context: &mut PollContext<'_>) -> Poll<Result<i32>> {
        if std::mem::replace(&mut self.suspended, true) {
            return Poll::Ready(Ok(42));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn test_create_task_with_asynclike_function() {
    for _ in 0..2 {
        let event_loop = virtual_loop();
        let task = event_loop.create_task(ByHand { suspended: false });
        assert_eq!(event_loop.run_until_complete(task).unwrap(), 42);
        assert_eq!(event_loop.iterations(), 3);
    }
}

#[test]
fn test_bare_create_task() {
    let outcome = run(async {
        let task = create_task(async { Ok(1) });
        task.await
    });
    assert_eq!(outcome.unwrap(), 1);
}

#[test]
fn test_bare_create_named_task() {
    let name = run(async {
        let task = Task::<()>::builder().name("No-op").spawn(async { Ok(()) });
        let name = task.name();
        task.await?;
        Ok(name)
    });
    assert_eq!(name.unwrap(), "No-op");
}

#[test]
fn test_coroutine_non_gen_function() {
    let event_loop = virtual_loop();
    assert_eq!(event_loop.run_until_complete(ok()).unwrap(), "ok");
    // The step, and the iteration in which the loop is told to stop.
    assert_eq!(event_loop.iterations(), 2);
}

#[test]
fn test_coroutine_non_gen_function_return_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<&str>();
    let value = promise.clone();
    let first = event_loop.create_task(async move { Ok(value) });
    let setter = promise.clone();
    let second = event_loop.create_task(async move { setter.set_result("test") });
    let returned = event_loop.run_until_complete(first).unwrap();
    assert!(returned.ptr_eq(&promise));
    assert_eq!(returned.result().unwrap(), "test");
    second.result().unwrap();
}

#[test]
fn test_error_in_call_soon() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.close().unwrap();
    let (dropped, flag) = DropFlag::new();
    let task = event_loop.create_task(async move {
        let _flag = flag;
        Ok(())
    });
    // A closed loop takes no task: the coroutine is gone, and the handle says why.
    assert!(dropped.get());
    assert_eq!(event_loop.all_tasks(), []);
    assert!(task.done());
    assert!(task.has_unretrieved_error());
    drop(task);
    let reports = reports.take();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].message, "Task exception was never retrieved");
    let error = reports[0].error.as_ref().unwrap();
    assert_eq!((error.kind(), error.message()), (Kind::Runtime, "Event loop is closed"));
}

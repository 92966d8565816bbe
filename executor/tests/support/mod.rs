//! What the conformance tests share besides `common`: whole runs as lists of events, and tests that need a process of their own.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::env;
use std::future::poll_fn;
use std::pin::pin;
use std::process::{Command, Output};
use std::task::{Context, Poll, Waker};

use kolo_executor::{Kind, Result, running_loop, sleep};

use crate::common::{Trace, run};

/// Runs a coroutine that records what happens, on the virtual clock, and gives the events. It must not fail.
#[track_caller]
pub(crate) fn traced(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    let trace = Trace::new();
    let events = trace.clone();
    run(async move { main(trace).await }).expect("a run without an error");
    events.take()
}

/// A word for how something ended: the name of the error's kind, or the value.
pub(crate) fn ended<T: std::fmt::Debug>(outcome: &Result<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// The kinds of the members of the group that this must have failed with.
#[track_caller]
pub(crate) fn members<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<Kind> {
    let error = outcome.expect_err("a group");
    assert_eq!(error.kind(), Kind::Group, "{error:?}");
    error.errors().iter().map(|member| member.kind()).collect()
}

/// Polls a future once from a callback, where no task is running, and gives its outcome.
pub(crate) async fn without_task<T: 'static>(future: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let outcome = std::rc::Rc::new(std::cell::RefCell::new(None));
    let slot = outcome.clone();
    running_loop().call_soon(move || {
        let mut future = pin!(future);
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            slot.replace(Some(outcome));
        }
    });
    sleep(0).await?;
    outcome.take().expect("an outcome at the first poll")
}

/// Suspends like a future of another crate, which wakes its task by the waker; ready at the second poll.
pub(crate) async fn foreign_yield() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs the test `name` of this program once more, in a process of its own with these variables, where `body` runs instead, and gives what
/// that process has printed. There it is `None`.
#[track_caller]
pub(crate) fn in_child(name: &str, variables: &[(&str, Option<&str>)], body: impl FnOnce()) -> Option<Output> {
    const CHILD: &str = "KOLO_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        body();
        return None;
    }
    let mut child = Command::new(env::current_exe().expect("the path of this program"));
    child
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1");
    for (variable, value) in variables {
        match value {
            Some(value) => child.env(variable, value),
            None => child.env_remove(variable),
        };
    }
    let output = child.output().expect("a process");
    assert!(output.status.success(), "{output:?}");
    Some(output)
}

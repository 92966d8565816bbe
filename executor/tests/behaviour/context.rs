//! Where a context comes from: a copy for each task and each callback, or the one that they are given.

use kolo_executor::testing::Trace;
use kolo_executor::{Context, ContextVar, Task, create_task, running_loop, sleep, timeout};

use crate::support::runs::{traced, virtual_loop};

static COLOUR: ContextVar<&str> = ContextVar::new("colour");

fn colour() -> &'static str {
    COLOUR.get().unwrap_or("none")
}

#[test]
fn a_task_has_a_copy_of_the_context_in_which_it_was_created() {
    let events = traced(async |trace| {
        COLOUR.set("red");
        let seen = trace.clone();
        let task = create_task(async move {
            seen.log(colour());
            COLOUR.set("green");
            sleep(1).await?;
            seen.log(colour());
            Ok(())
        });
        COLOUR.set("blue");
        task.await?;
        trace.log(colour());
        Ok(())
    });
    assert_eq!(events, ["red", "green", "blue"]);
}

#[test]
fn every_callback_has_a_copy_of_the_context_in_which_it_was_registered() {
    // Outside of a loop the context is the thread's, which other tests may share.
    Context::new().run(callbacks_and_their_contexts);
}

fn callbacks_and_their_contexts() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let log = |name: &'static str| {
        let trace = trace.clone();
        move || {
            trace.log(format_args!("{name} {}", colour()));
            COLOUR.set("changed by a callback");
        }
    };
    let promise = event_loop.create_promise::<()>();
    COLOUR.set("red");
    event_loop.call_soon(log("soon"));
    COLOUR.set("green");
    event_loop.call_later(1, log("later"));
    COLOUR.set("blue");
    let done = log("done");
    promise.add_done_callback(move |_| done());
    COLOUR.set("black");
    event_loop.call_soon(move || promise.set_result(()).unwrap());
    event_loop.run_until_complete(sleep(2)).unwrap();
    assert_eq!(trace.take(), ["soon red", "done blue", "later green"]);
    assert_eq!(colour(), "black");
}

#[test]
fn a_context_is_shared_by_those_who_are_given_it() {
    let events = traced(async |trace| {
        let context = Context::current();
        let seen = trace.clone();
        let task = Task::builder().context(context.clone()).spawn(async move {
            COLOUR.set("red");
            sleep(1).await?;
            seen.log(colour());
            Ok(())
        });
        sleep(0.5).await?;
        context.run(|| trace.log(colour()));
        running_loop().call_soon_in(context, || drop(COLOUR.set("green")));
        task.await?;
        trace.log(colour());
        Ok(())
    });
    assert_eq!(events, ["red", "green", "none"]);
}

/// A timeout scope runs its body in the task itself, and so in its context.
#[test]
fn what_runs_in_the_same_task_has_the_same_context() {
    let events = traced(async |trace| {
        timeout(1, async {
            COLOUR.set("red");
            sleep(0).await
        })
        .await?;
        trace.log(colour());
        Ok(())
    });
    assert_eq!(events, ["red"]);
}

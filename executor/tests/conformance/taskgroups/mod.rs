//! CPython's test_taskgroups: tasks that end together. One test for each case, under the case's name.
//!
//! Iterations are counted from the beginning of the task that waits for the group.

mod children;
mod errors;
mod nested;
mod tasks;

use kolo_executor::testing::Trace;
use kolo_executor::{Error, Kind, Result, create_task, sleep};

use crate::support::runs::{cancelling, traced};

/// Sleeps, and tells how that ended; then gives `outcome`.
async fn job<T>(trace: Trace, name: &'static str, delay: f64, outcome: Result<T>) -> Result<T> {
    if let Err(error) = sleep(delay).await {
        trace.log_time(format_args!("{name} is cancelled"));
        return Err(error);
    }
    trace.log_time(format_args!("{name} is done"));
    outcome
}

/// Sleeps for long; cancelled, it fails with an error of its own.
async fn fails_in_its_clean_up(trace: Trace, name: &'static str) -> Result<()> {
    let slept = sleep(10).await;
    trace.log_time(format_args!("{name} cleans up"));
    slept.map_err(|_| Error::value(name))
}

/// The error in words: a group with its members.
fn text(error: &Error) -> String {
    match error.kind() {
        Kind::Group => format!("Group{:?}", error.errors().iter().map(text).collect::<Vec<_>>()),
        kind if error.message().is_empty() => format!("{kind:?}"),
        _ => error.message().to_owned(),
    }
}

/// What happens in `main`, its outcome, and its requests to be cancelled.
#[track_caller]
fn events<T: std::fmt::Debug + 'static>(main: impl AsyncFnOnce(Trace) -> Result<T> + 'static) -> Vec<String> {
    traced(async |trace| {
        trace.start();
        let outcome = main(trace.clone()).await;
        let outcome = match &outcome {
            Ok(value) => format!("{value:?}"),
            Err(error) => text(error),
        };
        trace.log_iteration(format_args!("{outcome}, {} requests", cancelling()));
        Ok(())
    })
}

/// [`events`] of a task that is cancelled after 0.1 seconds.
#[track_caller]
fn events_of_cancelled(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    events(async |trace: Trace| {
        let task = create_task(async move { main(trace).await });
        sleep(0.1).await?;
        assert!(!task.done());
        task.cancel();
        task.await
    })
}

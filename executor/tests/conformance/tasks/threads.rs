//! Tasks made by other threads.

use std::future::Ready;
use std::sync::mpsc;
use std::time::Duration;

use kolo_executor::{Clock, EventLoop, Kind, Promise, Result, current_task, sleep};

use crate::support::outcome::{boom, error_of, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::ticks;

/// Keeps the loop of this thread busy with a task until `done` is told of in the other.
async fn until<T: Send + 'static>(done: mpsc::Receiver<T>) -> Result<T> {
    loop {
        match done.try_recv() {
            Ok(value) => return Ok(value),
            Err(mpsc::TryRecvError::Empty) => sleep(0).await?,
            Err(gone) => return Err(gone.into()),
        }
    }
}

/// Has another thread spawn a coroutine and wait for it, and returns what it has got.
fn in_another_thread<T, C>(event_loop: &EventLoop, make: impl FnOnce() -> C + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    C: Future<Output = Result<T>> + 'static,
{
    let remote = event_loop.remote();
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || sender.send(remote.spawn(make).wait()).unwrap());
    let outcome = event_loop.run_until_complete(until(receiver)).unwrap();
    thread.join().unwrap();
    outcome
}

#[test]
fn test_run_coroutine_threadsafe() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let sum = in_another_thread(&event_loop, || async {
        sleep(0).await?;
        Ok(1 + 2)
    });
    assert_eq!(sum.unwrap(), 3);
}

#[test]
fn test_run_coroutine_threadsafe_with_exception() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let reports = Reports::of(&event_loop);
    let outcome = in_another_thread(&event_loop, || async {
        sleep(0).await?;
        Err::<i32, _>(boom("Fail!"))
    });
    assert_eq!(error_of(outcome), (Kind::Other, "Fail!".to_owned()));
    assert!(reports.messages().is_empty());
}

#[test]
fn test_run_coroutine_threadsafe_task_cancelled() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = in_another_thread(&event_loop, || async {
        current_task().unwrap().cancel();
        sleep(0).await?;
        Ok(1 + 2)
    });
    assert_eq!(kind_of(outcome), Kind::Cancelled);
}

#[test]
fn test_run_coroutine_threadsafe_task_factory_exception() {
    // The closure that makes the coroutine stands for the factory.
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let reports = Reports::of(&event_loop);
    let outcome: Result<()> = in_another_thread(&event_loop, || -> Ready<Result<()>> { panic!("no coroutine") });
    assert_eq!(error_of(outcome), (Kind::Panic, "no coroutine".to_owned()));
    assert_eq!(reports.messages(), ["Exception in callback"]);
}

#[test]
fn test_run_coroutine_threadsafe_with_timeout() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let remote = event_loop.remote();
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let handle = remote.spawn(|| async { Promise::<()>::new().await });
        let late = handle.wait_timeout(Duration::ZERO);
        handle.cancel();
        sender.send(late.unwrap_err().kind()).unwrap();
    });
    assert_eq!(event_loop.run_until_complete(until(receiver)).unwrap(), Kind::Timeout);
    thread.join().unwrap();
    // The task was made in one iteration at the latest, and is cancelled in the next.
    ticks(&event_loop, 2);
    assert_eq!(event_loop.all_tasks(), []);
}

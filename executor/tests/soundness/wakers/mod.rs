//! Wakers: kept by anybody, woken and dropped from anywhere, at any time.

mod copies;
mod foreign;
mod late;
mod line;
mod own_thread;
mod threads;

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Poll, Waker};

use kolo_executor::testing::tick;
use kolo_executor::{Error, EventLoop, Result, Task};

/// The waker of the running task.
async fn waker() -> Waker {
    poll_fn(|context| Poll::Ready(context.waker().clone())).await
}

/// Counts its steps until `over` is set.
fn counted(steps: &Rc<Cell<u32>>) -> impl Future<Output = Result<()>> + use<> {
    let steps = steps.clone();
    poll_fn(move |_| {
        steps.set(steps.get() + 1);
        Poll::Pending
    })
}

/// A loop with one task that stands on a foreign future, the task's waker, and the count of its steps.
fn parked_task(event_loop: &EventLoop) -> (Task<()>, Waker, Rc<Cell<u32>>) {
    let steps = Rc::new(Cell::new(0));
    let (send, receive) = mpsc::channel();
    let steps_of_task = steps.clone();
    let task = event_loop.create_task(async move {
        send.send(waker().await).map_err(|_| Error::other("nobody wants the waker"))?;
        counted(&steps_of_task).await
    });
    tick(event_loop);
    assert_eq!(steps.get(), 1);
    (task, receive.recv().unwrap(), steps)
}

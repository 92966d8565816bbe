//! CPython's test_tasks: tasks, and what waits for them. One test for each case, under the case's name.

mod as_completed;
mod cancel_delivery;
mod cancel_requests;
mod contexts;
mod gather;
mod making;
mod outcomes;
mod reports;
mod running;
mod shown;
mod threads;
mod wait;

use std::cell::OnceCell;
use std::rc::Rc;

use kolo_executor::{Result, Task};

async fn ok() -> Result<&'static str> {
    Ok("ok")
}

/// A handle that the coroutine it belongs to can look up.
fn own_task<T>() -> Rc<OnceCell<Task<T>>> {
    Rc::new(OnceCell::new())
}

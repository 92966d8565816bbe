//! The connections of a server, and the requests that are under way.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use kolo_executor::{Result, Task, timeout, wait};

use crate::web::response::Response;

/// What a server has to see through before it ends.
#[derive(Default)]
pub(crate) struct Connections {
    is_closing: Cell<bool>,
    number: Cell<u64>,
    open: RefCell<BTreeMap<u64, Open>>,
    /// Handlers that go on though their client has gone.
    left: RefCell<Vec<Task<Response>>>,
}

/// One connection.
#[derive(Default)]
struct Open {
    task: Option<Task<()>>,
    /// Woken when the server ends.
    waker: Option<Waker>,
}

/// The place of a connection among them, for as long as it lives.
pub(crate) struct Place {
    connections: Rc<Connections>,
    number: u64,
}

impl Connections {
    pub(crate) fn enter(self: &Rc<Self>) -> Place {
        let number = self.number.get();
        self.number.set(number + 1);
        self.open.borrow_mut().insert(number, Open::default());
        Place {
            connections: self.clone(),
            number,
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// A handler goes on without its client.
    pub(crate) fn leave(&self, handler: Task<Response>) {
        let gone: Vec<Task<Response>> = {
            let left = &mut *self.left.borrow_mut();
            let (gone, going) = left.drain(..).partition(|task| task.done());
            *left = going;
            left.push(handler);
            gone
        };
        drop(gone);
    }

    /// Has the connections that are idle close, and the others once their requests are through. What takes longer than so many seconds is cancelled, and
    /// waited for as long again.
    pub(crate) async fn end(&self, limit: f64) -> Result<()> {
        self.is_closing.set(true);
        let wakers: Vec<Waker> = self
            .open
            .borrow_mut()
            .values_mut()
            .filter_map(|open| open.waker.take())
            .collect();
        wakers.into_iter().for_each(Waker::wake);
        if !self.are_through(limit).await? {
            self.connections_under_way().iter().for_each(cancel);
            self.handlers_under_way().iter().for_each(cancel);
            self.are_through(limit).await?;
        }
        Ok(())
    }

    /// Waits until nothing is under way any more, but no longer than so many seconds.
    async fn are_through(&self, limit: f64) -> Result<bool> {
        let through = timeout(limit, async {
            // A connection that ends may leave a handler.
            loop {
                let (connections, handlers) = (self.connections_under_way(), self.handlers_under_way());
                if !connections.is_empty() {
                    wait(&connections).await?;
                } else if !handlers.is_empty() {
                    wait(&handlers).await?;
                } else {
                    return Ok(());
                }
            }
        });
        match through.await {
            Ok(()) => Ok(true),
            Err(error) if error.is_timeout() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn connections_under_way(&self) -> Vec<Task<()>> {
        let open = self.open.borrow();
        let tasks = open.values().filter_map(|open| open.task.clone());
        tasks.filter(|task| !task.done()).collect()
    }

    fn handlers_under_way(&self) -> Vec<Task<Response>> {
        self.left.borrow().iter().filter(|task| !task.done()).cloned().collect()
    }
}

fn cancel<T>(task: &Task<T>) {
    task.cancel();
}

impl Place {
    pub(crate) fn runs_in(&self, task: Task<()>) {
        if let Some(open) = self.connections.open.borrow_mut().get_mut(&self.number) {
            open.task = Some(task);
        }
    }

    /// Has `waker` woken when the server ends. Whether it does already.
    pub(crate) fn is_closing(&self, waker: &Waker) -> bool {
        if self.connections.is_closing() {
            return true;
        }
        let open = &mut *self.connections.open.borrow_mut();
        if let Some(open) = open.get_mut(&self.number)
            && !open.waker.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            open.waker = Some(waker.clone());
        }
        false
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let gone = self.connections.open.borrow_mut().remove(&self.number);
        drop(gone);
    }
}

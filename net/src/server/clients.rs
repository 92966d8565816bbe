//! The connections of a server.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use kolo_executor::Promise;

use crate::transport::Transport;

/// The connections that a server has accepted and that are not lost yet, in the order in which they were made; and whoever waits for the last to go.
#[derive(Default)]
pub(crate) struct Clients {
    transports: RefCell<BTreeMap<u64, Transport>>,
    number: Cell<u64>,
    /// No more are accepted.
    is_closed: Cell<bool>,
    /// None is left, and none will come. Nobody waits any more.
    is_over: Cell<bool>,
    waiters: RefCell<Vec<Promise<()>>>,
}

impl Clients {
    pub(crate) fn attach(self: &Rc<Self>, transport: &Transport) -> Client {
        let number = self.number.get();
        self.number.set(number + 1);
        self.transports.borrow_mut().insert(number, transport.clone());
        Client {
            clients: self.clone(),
            number,
        }
    }

    pub(crate) fn all(&self) -> Vec<Transport> {
        self.transports.borrow().values().cloned().collect()
    }

    /// No more will come. `between` is what is done before whoever waits is woken.
    pub(crate) fn close(&self, between: impl FnOnce()) {
        self.is_closed.set(true);
        between();
        self.wake_if_over();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Somebody waits for the last to go; `None` when it has gone.
    pub(crate) fn wait(&self, waiter: impl FnOnce() -> Promise<()>) -> Option<Promise<()>> {
        if self.is_over.get() {
            return None;
        }
        let waiter = waiter();
        self.waiters.borrow_mut().push(waiter.clone());
        Some(waiter)
    }

    fn wake_if_over(&self) {
        if self.is_closed.get() && self.transports.borrow().is_empty() && !self.is_over.replace(true) {
            for waiter in self.waiters.take() {
                // Refused when it was cancelled.
                let _ = waiter.set_result(());
            }
        }
    }
}

/// The place of one connection among them.
pub(crate) struct Client {
    clients: Rc<Clients>,
    number: u64,
}

impl Client {
    /// The connection is lost.
    pub(crate) fn detach(self) {
        let gone = self.clients.transports.borrow_mut().remove(&self.number);
        drop(gone);
        self.clients.wake_if_over();
    }
}

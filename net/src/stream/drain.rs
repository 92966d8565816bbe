//! `drain`: a wait until little enough is buffered for writing.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use kolo_executor::primitive::{Parking, Waiter};
use kolo_executor::{Error, Result};

use crate::stream::protocol::StreamProtocol;

/// Whether there is too much, and who waits for less, in the order in which they asked.
#[derive(Default)]
pub(crate) struct Drainers {
    is_paused: Cell<bool>,
    waiters: RefCell<Vec<Waiting>>,
    number: Cell<u64>,
}

struct Waiting {
    number: u64,
    waiter: Waiter,
    /// What it was woken with.
    error: Option<Error>,
}

impl Drainers {
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.get()
    }

    pub(crate) fn pause(&self) {
        self.is_paused.set(true);
    }

    pub(crate) fn resume(&self) {
        self.is_paused.set(false);
        self.wake(None);
    }

    pub(crate) fn connection_lost(&self, error: Option<&Error>) {
        if self.is_paused() {
            self.wake(error);
        }
    }

    fn wake(&self, error: Option<&Error>) {
        for waiting in &mut *self.waiters.borrow_mut() {
            // It only queues the task. One that was woken before, or cancelled, keeps what it was told.
            if waiting.waiter.wake() {
                waiting.error = error.cloned();
            }
        }
    }

    fn enter(&self, waiter: Waiter) -> u64 {
        let number = self.number.get() + 1;
        self.number.set(number);
        let error = None;
        self.waiters.borrow_mut().push(Waiting { number, waiter, error });
        number
    }

    /// Leaves the line; with what it was woken.
    fn leave(&self, number: u64) -> Option<Error> {
        let waiting = {
            let waiters = &mut *self.waiters.borrow_mut();
            let place = waiters.iter().position(|waiting| waiting.number == number)?;
            waiters.remove(place)
        };
        waiting.error
    }
}

/// One such wait.
pub(crate) struct Drain {
    protocol: Rc<StreamProtocol>,
    parking: Parking,
    number: u64,
}

impl Drain {
    pub(crate) fn new(protocol: Rc<StreamProtocol>, parking: Parking) -> Drain {
        let number = 0;
        Drain {
            protocol,
            parking,
            number,
        }
    }
}

impl Future for Drain {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Drain {
            protocol,
            parking,
            number,
        } = self.get_mut();
        let outcome = ready!(parking.poll(context, |waiter| *number = protocol.drainers.enter(waiter)));
        let error = protocol.drainers.leave(*number);
        Poll::Ready(outcome.and_then(|()| error.map_or(Ok(()), Err)))
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        if self.parking.is_parked() {
            drop(self.protocol.drainers.leave(self.number));
        }
    }
}

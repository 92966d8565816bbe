//! The least that could possibly work: a cell and a waker.
//!
//! No order among waiters, no cancellation, no closing, no second waiter where one will do. Nothing here is usable as it stands; it
//! shows what a runtime's wakers and its queue cost when the primitive itself costs nothing.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Lets every other ready task run once.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[derive(Default)]
pub struct Event {
    set: Cell<bool>,
    waiters: RefCell<Vec<Waker>>,
}

impl Event {
    pub fn wait(&self) -> impl Future<Output = Result<(), Infallible>> {
        poll_fn(|cx| {
            if self.set.get() {
                return Poll::Ready(Ok(()));
            }
            self.waiters.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
    }

    pub fn set(&self) {
        self.set.set(true);
        for waiter in self.waiters.take() {
            waiter.wake();
        }
    }
}

/// How many have yet to arrive; one task waits for the last of them.
#[derive(Default)]
pub struct Countdown {
    left: Cell<usize>,
    waiter: Cell<Option<Waker>>,
}

impl Countdown {
    pub fn restart(&self, from: usize) {
        self.left.set(from);
    }

    pub fn arrive(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            wake(self.waiter.take());
        }
    }

    pub fn all_arrived(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            if self.left.get() == 0 {
                return Poll::Ready(());
            }
            self.waiter.set(Some(cx.waker().clone()));
            Poll::Pending
        })
    }
}

/// A bounded queue; the capacity is all it knows.
#[derive(Clone)]
pub struct Queue(Rc<RefCell<Inner>>);

struct Inner {
    capacity: usize,
    items: VecDeque<usize>,
    senders: Vec<Waker>,
    receivers: Vec<Waker>,
}

impl Queue {
    pub fn new(capacity: usize) -> Queue {
        Queue(Rc::new(RefCell::new(Inner {
            capacity,
            items: VecDeque::with_capacity(capacity),
            senders: Vec::new(),
            receivers: Vec::new(),
        })))
    }

    pub fn send(&self, item: usize) -> impl Future<Output = ()> {
        poll_fn(move |cx| {
            let mut inner = self.0.borrow_mut();
            if inner.items.len() == inner.capacity {
                inner.senders.push(cx.waker().clone());
                return Poll::Pending;
            }
            inner.items.push_back(item);
            let waiter = inner.receivers.pop();
            drop(inner);
            wake(waiter);
            Poll::Ready(())
        })
    }

    pub fn receive(&self) -> impl Future<Output = usize> {
        poll_fn(|cx| {
            let mut inner = self.0.borrow_mut();
            let Some(item) = inner.items.pop_front() else {
                inner.receivers.push(cx.waker().clone());
                return Poll::Pending;
            };
            let waiter = inner.senders.pop();
            drop(inner);
            wake(waiter);
            Poll::Ready(item)
        })
    }
}

fn wake(waiter: Option<Waker>) {
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}

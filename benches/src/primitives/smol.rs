use std::cell::Cell;
use std::convert::Infallible;

use async_channel::{Receiver, Sender};
use async_lock::{Mutex, Semaphore};

use super::{Channel, Event, Shares};

/// Fair in the long run only: a waiter may be overtaken for half a millisecond.
pub struct AsyncMutex(Mutex<()>);

impl Shares for AsyncMutex {
    const NAME: &'static str = "async-lock";

    fn new(shares: usize) -> Self {
        assert_eq!(shares, 1);
        AsyncMutex(Mutex::new(()))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.lock()
    }
}

/// Not fair: a task that comes by while a permit is free overtakes those that wait.
pub struct AsyncSemaphore(Semaphore);

impl Shares for AsyncSemaphore {
    const NAME: &'static str = "async-lock";

    fn new(shares: usize) -> Self {
        AsyncSemaphore(Semaphore::new(shares))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.acquire()
    }
}

pub struct AsyncChannel;

impl Channel for AsyncChannel {
    const NAME: &'static str = "async-channel";
    type Sender = Sender<usize>;
    type Receiver = Receiver<usize>;

    fn bounded(capacity: usize) -> (Sender<usize>, Receiver<usize>) {
        async_channel::bounded(capacity)
    }

    async fn send(sender: &mut Sender<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Receiver<usize>) -> usize {
        receiver.recv().await.expect("an open channel")
    }
}

#[derive(Default)]
pub struct ListenedEvent {
    set: Cell<bool>,
    event: event_listener::Event,
}

impl Event for ListenedEvent {
    const NAME: &'static str = "event-listener";
    type Error = Infallible;

    async fn wait(&self) -> Result<(), Infallible> {
        // All is on one thread, so nothing can set it between the question and the listening.
        if !self.set.get() {
            self.event.listen().await;
        }
        Ok(())
    }

    fn set(&self) {
        self.set.set(true);
        self.event.notify(usize::MAX);
    }
}

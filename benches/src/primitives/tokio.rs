use std::cell::Cell;
use std::convert::Infallible;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex, Notify, Semaphore};

use super::{Channel, Event, Shares};

pub struct TokioMutex(Mutex<()>);

impl Shares for TokioMutex {
    const NAME: &'static str = "its own";

    fn new(shares: usize) -> Self {
        assert_eq!(shares, 1);
        TokioMutex(Mutex::new(()))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.lock()
    }
}

pub struct TokioSemaphore(Semaphore);

impl Shares for TokioSemaphore {
    const NAME: &'static str = "its own";

    fn new(shares: usize) -> Self {
        TokioSemaphore(Semaphore::new(shares))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.acquire()
    }
}

pub struct TokioChannel;

impl Channel for TokioChannel {
    const NAME: &'static str = "its own";
    type Sender = Sender<usize>;
    type Receiver = Receiver<usize>;

    fn bounded(capacity: usize) -> (Sender<usize>, Receiver<usize>) {
        channel(capacity)
    }

    async fn send(sender: &mut Sender<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Receiver<usize>) -> usize {
        receiver.recv().await.expect("an open channel")
    }
}

#[derive(Default)]
pub struct TokioNotify {
    set: Cell<bool>,
    notify: Notify,
}

impl Event for TokioNotify {
    const NAME: &'static str = "its own";
    type Error = Infallible;

    async fn wait(&self) -> Result<(), Infallible> {
        // All is on one thread, so nothing can set it between the question and the waiting.
        if !self.set.get() {
            self.notify.notified().await;
        }
        Ok(())
    }

    fn set(&self) {
        self.set.set(true);
        self.notify.notify_waiters();
    }
}

use std::rc::Rc;

use kolo::{Event, Lock, Queue, Result, Semaphore};

use super::{Channel, Shares};

pub struct KoloLock(Lock);

impl Shares for KoloLock {
    const NAME: &'static str = "its own";

    fn new(shares: usize) -> Self {
        assert_eq!(shares, 1);
        KoloLock(Lock::new())
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.hold()
    }
}

pub struct KoloSemaphore(Semaphore);

impl Shares for KoloSemaphore {
    const NAME: &'static str = "its own";

    fn new(shares: usize) -> Self {
        KoloSemaphore(Semaphore::new(shares).expect("a number of shares"))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.hold()
    }
}

pub struct KoloQueue;

impl Channel for KoloQueue {
    const NAME: &'static str = "its own";
    type Sender = Rc<Queue<usize>>;
    type Receiver = Rc<Queue<usize>>;

    fn bounded(capacity: usize) -> (Rc<Queue<usize>>, Rc<Queue<usize>>) {
        let queue = Rc::new(Queue::new(capacity));
        (Rc::clone(&queue), queue)
    }

    async fn send(sender: &mut Rc<Queue<usize>>, item: usize) {
        sender.put(item).await.expect("nobody cancels");
    }

    async fn receive(receiver: &mut Rc<Queue<usize>>) -> usize {
        receiver.get().await.expect("nobody cancels")
    }
}

#[derive(Default)]
pub struct KoloEvent(Event);

impl super::Event for KoloEvent {
    const NAME: &'static str = "its own";
    type Error = kolo::Error;

    fn wait(&self) -> impl Future<Output = Result<()>> {
        self.0.wait()
    }

    fn set(&self) {
        self.0.set();
    }
}

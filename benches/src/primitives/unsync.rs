use async_unsync::bounded::{Receiver, Sender, channel};
use async_unsync::semaphore::Semaphore;

use super::{Channel, Shares};

pub struct UnsyncSemaphore(Semaphore);

impl Shares for UnsyncSemaphore {
    const NAME: &'static str = "async-unsync";

    fn new(shares: usize) -> Self {
        UnsyncSemaphore(Semaphore::new(shares))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.acquire()
    }
}

pub struct UnsyncChannel;

impl Channel for UnsyncChannel {
    const NAME: &'static str = "async-unsync";
    type Sender = Sender<usize>;
    type Receiver = Receiver<usize>;

    fn bounded(capacity: usize) -> (Sender<usize>, Receiver<usize>) {
        channel(capacity).into_split()
    }

    async fn send(sender: &mut Sender<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Receiver<usize>) -> usize {
        receiver.recv().await.expect("an open channel")
    }
}

use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::lock::Mutex;
use futures::{SinkExt, StreamExt};

use super::{Channel, Shares};

/// Not fair: a task that comes by while the lock is free overtakes those that wait.
pub struct FuturesMutex(Mutex<()>);

impl Shares for FuturesMutex {
    const NAME: &'static str = "futures";

    fn new(shares: usize) -> Self {
        assert_eq!(shares, 1);
        FuturesMutex(Mutex::new(()))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.lock()
    }
}

pub struct FuturesChannel;

impl Channel for FuturesChannel {
    const NAME: &'static str = "futures";
    type Sender = Sender<usize>;
    type Receiver = Receiver<usize>;

    fn bounded(capacity: usize) -> (Sender<usize>, Receiver<usize>) {
        // Its capacity is what it holds besides one for each sender.
        channel(capacity - 1)
    }

    async fn send(sender: &mut Sender<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Receiver<usize>) -> usize {
        receiver.next().await.expect("an open channel")
    }
}

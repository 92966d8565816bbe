use local_sync::mpsc::bounded::{Rx, Tx, channel};
use local_sync::semaphore::Semaphore;

use super::{Channel, Shares};

pub struct LocalSyncSemaphore(Semaphore);

impl Shares for LocalSyncSemaphore {
    const NAME: &'static str = "local-sync";

    fn new(shares: usize) -> Self {
        LocalSyncSemaphore(Semaphore::new(shares))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.acquire()
    }
}

pub struct LocalSyncChannel;

impl Channel for LocalSyncChannel {
    const NAME: &'static str = "local-sync";
    type Sender = Tx<usize>;
    type Receiver = Rx<usize>;

    fn bounded(capacity: usize) -> (Tx<usize>, Rx<usize>) {
        channel(capacity)
    }

    async fn send(sender: &mut Tx<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Rx<usize>) -> usize {
        receiver.recv().await.expect("an open channel")
    }
}

use std::rc::Rc;

use glommio::channels::local_channel::{LocalReceiver, LocalSender, new_bounded};
use glommio::sync::Semaphore;

use super::{Channel, Shares};

pub struct GlommioSemaphore(Semaphore);

impl Shares for GlommioSemaphore {
    const NAME: &'static str = "its own";

    fn new(shares: usize) -> Self {
        GlommioSemaphore(Semaphore::new(shares as u64))
    }

    fn hold(&self) -> impl Future<Output = impl Sized> {
        self.0.acquire_permit(1)
    }
}

pub struct GlommioChannel;

impl Channel for GlommioChannel {
    const NAME: &'static str = "its own";
    type Sender = LocalSender<usize>;
    type Receiver = Rc<LocalReceiver<usize>>;

    fn bounded(capacity: usize) -> (LocalSender<usize>, Rc<LocalReceiver<usize>>) {
        let (sender, receiver) = new_bounded(capacity);
        (sender, Rc::new(receiver))
    }

    async fn send(sender: &mut LocalSender<usize>, item: usize) {
        sender.send(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Rc<LocalReceiver<usize>>) -> usize {
        receiver.recv().await.expect("an open channel")
    }
}

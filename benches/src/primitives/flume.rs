use flume::{Receiver, Sender};

use super::Channel;

pub struct Flume;

impl Channel for Flume {
    const NAME: &'static str = "flume";
    type Sender = Sender<usize>;
    type Receiver = Receiver<usize>;

    fn bounded(capacity: usize) -> (Sender<usize>, Receiver<usize>) {
        flume::bounded(capacity)
    }

    async fn send(sender: &mut Sender<usize>, item: usize) {
        sender.send_async(item).await.expect("an open channel");
    }

    async fn receive(receiver: &mut Receiver<usize>) -> usize {
        receiver.recv_async().await.expect("an open channel")
    }
}

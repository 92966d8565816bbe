use std::convert::Infallible;

use super::{Channel, Event};
use crate::bare;

#[derive(Default)]
pub struct BareEvent(bare::Event);

impl Event for BareEvent {
    const NAME: &'static str = "bare event";
    type Error = Infallible;

    fn wait(&self) -> impl Future<Output = Result<(), Infallible>> {
        self.0.wait()
    }

    fn set(&self) {
        self.0.set();
    }
}

pub struct BareQueue;

impl Channel for BareQueue {
    const NAME: &'static str = "bare queue";
    type Sender = bare::Queue;
    type Receiver = bare::Queue;

    fn bounded(capacity: usize) -> (bare::Queue, bare::Queue) {
        let queue = bare::Queue::new(capacity);
        (queue.clone(), queue)
    }

    fn send(sender: &mut bare::Queue, item: usize) -> impl Future<Output = ()> {
        sender.send(item)
    }

    fn receive(receiver: &mut bare::Queue) -> impl Future<Output = usize> {
        receiver.receive()
    }
}

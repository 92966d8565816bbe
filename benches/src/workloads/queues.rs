use std::hint::black_box;

use crate::clock::{Cost, Stopwatch};
use crate::peer::{Peer, join_each};
use crate::primitives::Channel;

/// Two tasks pass a token over a pair of queues. An operation is once there and back. The size is that of the queues.
pub fn ping_pong<P: Peer, C: Channel>(size: usize, iterations: u64) -> Cost {
    P::run(async move {
        let (mut ping, mut pinged) = C::bounded(size);
        let (mut pong, mut ponged) = C::bounded(size);
        let partner = P::spawn(async move {
            for _ in 0..iterations {
                let token = C::receive(&mut pinged).await;
                C::send(&mut pong, token + 1).await;
            }
            Ok(())
        });
        let mut token = 0;
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            C::send(&mut ping, token).await;
            token = C::receive(&mut ponged).await;
        }
        P::join(partner).await?;
        watch.stop();
        assert_eq!(token as u64, iterations);
        Ok(watch.cost(iterations))
    })
}

const CONSUMERS: usize = 4;
const LAST: usize = usize::MAX;
const ITEMS_AT_ONCE: u64 = 1_000;

/// One task produces and four consume. An operation is one item. The size is that of the queue.
pub fn one_to_four<P: Peer, C: Channel<Receiver: Clone>>(size: usize, iterations: u64) -> Cost {
    P::run(async move {
        let (mut sender, receiver) = C::bounded(size);
        let consumers: Vec<_> = (0..CONSUMERS)
            .map(|_| {
                let mut receiver = receiver.clone();
                P::spawn(async move {
                    loop {
                        let item = C::receive(&mut receiver).await;
                        if black_box(item) == LAST {
                            return Ok(());
                        }
                    }
                })
            })
            .collect();
        let items = iterations * ITEMS_AT_ONCE;
        let mut watch = Stopwatch::started();
        for item in 0..items as usize {
            C::send(&mut sender, item).await;
        }
        for _ in 0..CONSUMERS {
            C::send(&mut sender, LAST).await;
        }
        join_each::<P, ()>(consumers).await?;
        watch.stop();
        Ok(watch.cost(items))
    })
}

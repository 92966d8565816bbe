//! Waits: one of each kind that kolo has, and combinators of other crates around them.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::{join, select};
use kolo::{cancellable, sleep};
use kolo_chaos::numbers::Numbers;

use crate::at_primitives::Booked;
use crate::user::{Leaf, Mortal, Value};
use crate::world::{World, current};

/// Something to wait for, whatever is drawn.
pub(crate) fn leaf(world: &World, numbers: &mut Numbers) -> Leaf {
    match numbers.below(12) {
        0..3 => at_handle(world, numbers),
        3..9 => at_primitive(world, numbers),
        9 => at_foreign(world, numbers),
        _ => {
            let delay = numbers.below(4);
            Box::pin(async move { sleep(delay).await })
        }
    }
}

fn at_handle(world: &World, numbers: &mut Numbers) -> Leaf {
    let by_value = numbers.once_in(3);
    match world.tasks.get(numbers) {
        Some(task) if numbers.once_in(2) => Box::pin(async move {
            if by_value {
                task.await.map(drop)
            } else {
                (&task).await.map(drop)
            }
        }),
        _ => {
            let promise = world.promises.get(numbers).unwrap_or_default();
            world.promises.put(numbers, promise.clone());
            Box::pin(async move {
                if by_value {
                    promise.await.map(drop)
                } else {
                    (&promise).await.map(drop)
                }
            })
        }
    }
}

fn at_primitive(world: &World, numbers: &mut Numbers) -> Leaf {
    let at = &world.primitives;
    let script = numbers.draw();
    // A guard is kept for a while: nobody knows who drops it.
    let keep = move |thing: Box<dyn std::any::Any>| {
        if let Some(world) = current() {
            world.things.put(&mut Numbers::new(script), thing);
        }
    };
    match numbers.below(14) {
        0 | 1 => {
            let lock = at.locks[numbers.below(2)].clone();
            Box::pin(async move {
                keep(Box::new(lock.hold().await?));
                Ok(())
            })
        }
        2 => {
            let lock = at.locks[numbers.below(2)].clone();
            Box::pin(async move { lock.acquire().await })
        }
        3 | 4 => {
            let semaphore = at.semaphore.clone();
            Box::pin(async move {
                let permit = semaphore.hold().await?;
                let Some(world) = current() else { return Ok(()) };
                keep(Box::new(Booked::new(&world, permit)));
                Ok(())
            })
        }
        5 => {
            let bounded = at.bounded.clone();
            Box::pin(async move {
                keep(Box::new(bounded.hold().await?));
                Ok(())
            })
        }
        6 => {
            let event = at.event.clone();
            Box::pin(async move { event.wait().await })
        }
        7 => {
            let condition = at.condition.clone();
            Box::pin(async move {
                let _held = condition.hold().await?;
                condition.wait().await
            })
        }
        8 => {
            let (condition, queue) = (at.condition.clone(), at.queue.clone());
            Box::pin(async move {
                let _held = condition.hold().await?;
                condition.wait_for(|| queue.full()).await
            })
        }
        9 => {
            let (queue, value) = (at.queue.clone(), Value::new(world, numbers));
            Box::pin(async move {
                let outcome = queue.put(value).await;
                current().map_or(Ok(()), |world| world.primitives.put(outcome))
            })
        }
        10 => {
            let queue = at.queue.clone();
            Box::pin(async move {
                let outcome = queue.get().await;
                current().map_or(Ok(()), |world| world.primitives.got(outcome).map(drop))
            })
        }
        11 => {
            let lifo = at.lifo.clone();
            Box::pin(async move { lifo.get().await.map(drop) })
        }
        12 => {
            let (queue, lifo, first) = (at.queue.clone(), at.lifo.clone(), numbers.once_in(2));
            Box::pin(async move { if first { queue.join().await } else { lifo.join().await } })
        }
        _ => {
            let (barrier, what) = (at.barrier.clone(), numbers.below(6));
            Box::pin(async move {
                match what {
                    0 => barrier.reset().await,
                    1 => barrier.abort().await,
                    _ => barrier.wait().await.map(drop),
                }
            })
        }
    }
}

/// Futures that are not of kolo.
fn at_foreign(world: &World, numbers: &mut Numbers) -> Leaf {
    let mortal = Mortal::new(world, numbers, "foreign future");
    match numbers.below(5) {
        0 => {
            let (one, other) = (leaf(world, numbers), leaf(world, numbers));
            Box::pin(async move {
                let _mortal = mortal;
                // The other one is dropped.
                select(one, other).await.factor_first().0
            })
        }
        1 => {
            let (one, other) = (leaf(world, numbers), leaf(world, numbers));
            Box::pin(async move {
                let _mortal = mortal;
                let (one, other) = join(one, other).await;
                one.and(other)
            })
        }
        2 => Box::pin(async move {
            let _mortal = mortal;
            cancellable(woken_once()).await
        }),
        3 => {
            let inner = world.leaves.take(numbers).unwrap_or_else(|| leaf(world, numbers));
            Box::pin(Moving {
                inner: Some(inner),
                mortal,
            })
        }
        _ => Box::pin(async move {
            let _mortal = mortal;
            woken_once().await;
            Ok(())
        }),
    }
}

/// Leaves its waker for others to wake, and waits until one does; or goes on by itself, when nothing can be left there any more.
async fn woken_once() {
    let mut polled = false;
    poll_fn(|context| {
        let Some(world) = current().filter(|_| !std::mem::replace(&mut polled, true)) else {
            return Poll::Ready(());
        };
        if world.spend() {
            world.wakers.put(&mut Numbers::new(7), context.waker().clone());
        } else {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
}

/// Polls a wait once, and leaves it to whoever wants it: it moves from task to task.
struct Moving {
    inner: Option<Leaf>,
    mortal: Mortal,
}

impl Future for Moving {
    type Output = kolo::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<kolo::Result<()>> {
        let _ = &self.mortal;
        let Some(mut inner) = self.inner.take() else {
            return Poll::Ready(Ok(()));
        };
        let outcome = inner.as_mut().poll(context);
        if let Some(world) = current().filter(|_| outcome.is_pending()) {
            world.leaves.put(&mut Numbers::new(3), inner);
            return Poll::Ready(Ok(()));
        }
        outcome
    }
}

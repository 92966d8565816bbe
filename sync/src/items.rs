//! `Items`: a queue as a stream.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use kolo_executor::{Kind, Result};

use crate::queue::AnyQueue;
use crate::storage::Storage;

/// The items of a queue as they come; from [`AnyQueue::items`]. It ends when the queue is shut down and empty.
///
/// ```
/// use kolo::{Queue, create_task, run};
///
/// let sum = run(async {
///     let queue = Queue::new(0);
///     let producer = queue.clone();
///     create_task(async move {
///         for number in 1..=3 {
///             producer.put(number).await?;
///         }
///         producer.shutdown(false);
///         Ok(())
///     });
///     let mut sum = 0;
///     let mut items = queue.items();
///     while let Some(item) = items.next().await {
///         sum += item?;
///     }
///     Ok(sum)
/// });
/// assert_eq!(sum.unwrap(), 6);
/// ```
///
/// # Cancel safety
/// As [`AnyQueue::get`]: a cancelled wait gives an error as the next item, and the stream goes on.
#[must_use = "streams do nothing unless polled"]
pub struct Items<S: Storage> {
    queue: AnyQueue<S>,
    site: &'static Location<'static>,
    /// There while it waits.
    get: Option<Get<S>>,
}

type Get<S> = Pin<Box<dyn Future<Output = Result<<S as Storage>::Item>>>>;

impl<S: Storage + 'static> Items<S> {
    pub(crate) fn new(queue: AnyQueue<S>, site: &'static Location<'static>) -> Self {
        Items { queue, site, get: None }
    }

    /// The next item; `None` when the queue is shut down and empty.
    ///
    /// # Errors
    /// Those of [`AnyQueue::get`], within the item, but for QueueShutDown, which is the end.
    ///
    /// # Cancel safety
    /// As [`AnyQueue::get`]; dropped while it waits, it goes on waiting at its place at the next call.
    pub async fn next(&mut self) -> Option<Result<S::Item>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<S: Storage + 'static> Stream for Items<S> {
    type Item = Result<S::Item>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Items { queue, site, get } = &mut *self;
        let outcome = if get.is_none() && !queue.empty() {
            queue.get_nowait()
        } else {
            let wait = get.get_or_insert_with(|| {
                let (queue, site) = (queue.clone(), *site);
                Box::pin(async move { queue.get_at(site).await })
            });
            ready!(wait.as_mut().poll(context))
        };
        *get = None;
        match outcome {
            Err(error) if error.kind() == Kind::QueueShutDown => Poll::Ready(None),
            outcome => Poll::Ready(Some(outcome)),
        }
    }
}

impl<S: Storage<Item: fmt::Debug>> fmt::Debug for Items<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Items of {:?}>", self.queue)
    }
}

//! Semaphores of both kinds, and queues of all three, behind one type each: a program names them by one index.

use kolo::{BoundedSemaphore, LifoQueue, PriorityQueue, Queue, Result, Semaphore};

use crate::program::{QueueKind, QueueShape};

pub(super) enum EitherSemaphore {
    Plain(Semaphore),
    Bounded(BoundedSemaphore),
}

impl EitherSemaphore {
    pub(super) fn plain(value: usize) -> Result<EitherSemaphore> {
        Semaphore::new(value).map(EitherSemaphore::Plain)
    }

    pub(super) fn bounded(value: usize) -> Result<EitherSemaphore> {
        BoundedSemaphore::new(value).map(EitherSemaphore::Bounded)
    }

    pub(super) async fn acquire(&self) -> Result<()> {
        match self {
            EitherSemaphore::Plain(semaphore) => semaphore.acquire().await,
            EitherSemaphore::Bounded(semaphore) => semaphore.acquire().await,
        }
    }

    pub(super) fn release(&self) -> Result<()> {
        match self {
            EitherSemaphore::Plain(semaphore) => {
                semaphore.release();
                Ok(())
            }
            EitherSemaphore::Bounded(semaphore) => semaphore.release(),
        }
    }

    pub(super) fn locked(&self) -> bool {
        match self {
            EitherSemaphore::Plain(semaphore) => semaphore.locked(),
            EitherSemaphore::Bounded(semaphore) => semaphore.locked(),
        }
    }
}

pub(super) enum EitherQueue {
    Fifo(Queue<i64>),
    Lifo(LifoQueue<i64>),
    Priority(PriorityQueue<i64>),
}

/// Calls a method of whichever queue it is.
macro_rules! each {
    ($any:expr, $queue:ident => $call:expr) => {
        match $any {
            EitherQueue::Fifo($queue) => $call,
            EitherQueue::Lifo($queue) => $call,
            EitherQueue::Priority($queue) => $call,
        }
    };
}

impl EitherQueue {
    pub(super) fn new(shape: &QueueShape) -> EitherQueue {
        match shape.kind {
            QueueKind::Fifo => EitherQueue::Fifo(Queue::new(shape.maxsize)),
            QueueKind::Lifo => EitherQueue::Lifo(LifoQueue::new(shape.maxsize)),
            QueueKind::Priority => EitherQueue::Priority(PriorityQueue::new(shape.maxsize)),
        }
    }

    pub(super) async fn put(&self, value: i64) -> Result<()> {
        each!(self, queue => queue.put(value).await)
    }

    pub(super) async fn get(&self) -> Result<i64> {
        each!(self, queue => queue.get().await)
    }

    pub(super) async fn join(&self) -> Result<()> {
        each!(self, queue => queue.join().await)
    }

    pub(super) fn put_nowait(&self, value: i64) -> Result<()> {
        each!(self, queue => queue.put_nowait(value))
    }

    pub(super) fn get_nowait(&self) -> Result<i64> {
        each!(self, queue => queue.get_nowait())
    }

    pub(super) fn task_done(&self) -> Result<()> {
        each!(self, queue => queue.task_done())
    }

    pub(super) fn shutdown(&self, immediate: bool) {
        each!(self, queue => queue.shutdown(immediate));
    }

    pub(super) fn qsize(&self) -> usize {
        each!(self, queue => queue.qsize())
    }

    pub(super) fn empty(&self) -> bool {
        each!(self, queue => queue.empty())
    }

    pub(super) fn full(&self) -> bool {
        each!(self, queue => queue.full())
    }
}

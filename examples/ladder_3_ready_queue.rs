//! Ladder, step 3 of 8: many tasks and a ready queue.
//!
//! What is missing: `block_on` of step 2 runs one coroutine, and while that one waits the thread has nothing else to do.
//!
//! What this step adds: tasks, and the queue of those that are ready. Waking no longer means "the thread may go on" but "put
//! this task at the end of the queue". The loop takes the queue in batches, one batch an iteration, so the order of every
//! step can be told in advance: first come, first served.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

type Coroutine = Pin<Box<dyn Future<Output = ()> + Send>>;

const NO_PANIC: &str = "nothing panics while it holds a lock of the loop";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(NO_PANIC)
}

/// A coroutine and the way back to its loop. The task is its own waker: whoever can wake it keeps it alive.
struct Task {
    /// Empty during a step and once finished. The lock is there for the compiler, since a waker may go to any thread.
    coroutine: Mutex<Option<Coroutine>>,
    queue: Arc<ReadyQueue>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let queue = Arc::clone(&self.queue);
        queue.push(self);
    }
}

impl Task {
    /// Runs the coroutine up to its next await that has to wait. True once it has finished.
    fn step(self: Arc<Self>) -> bool {
        // Taken out, so that no lock is held while the coroutine's own code runs.
        let taken = lock(&self.coroutine).take();
        let Some(mut coroutine) = taken else {
            return false;
        };
        let waker = Waker::from(Arc::clone(&self));
        let poll = coroutine.as_mut().poll(&mut Context::from_waker(&waker));
        if poll.is_pending() {
            *lock(&self.coroutine) = Some(coroutine);
        }
        poll.is_ready()
    }
}

#[derive(Default)]
struct ReadyQueue {
    tasks: Mutex<VecDeque<Arc<Task>>>,
    not_empty: Condvar,
}

impl ReadyQueue {
    fn push(&self, task: Arc<Task>) {
        lock(&self.tasks).push_back(task);
        self.not_empty.notify_one();
    }

    /// All that is ready now. When nothing is, the thread sleeps until something is, as `block_on` did.
    fn take_batch(&self) -> VecDeque<Arc<Task>> {
        let tasks = self.not_empty.wait_while(lock(&self.tasks), |tasks| tasks.is_empty());
        mem::take(&mut *tasks.expect(NO_PANIC))
    }
}

#[derive(Default)]
struct EventLoop {
    queue: Arc<ReadyQueue>,
    unfinished: usize,
}

impl EventLoop {
    fn spawn(&mut self, coroutine: impl Future<Output = ()> + Send + 'static) {
        let coroutine = Mutex::new(Some(Box::pin(coroutine) as Coroutine));
        let queue = Arc::clone(&self.queue);
        self.queue.push(Arc::new(Task { coroutine, queue }));
        self.unfinished += 1;
    }

    fn run(&mut self) {
        let mut iteration = 0;
        while self.unfinished > 0 {
            iteration += 1;
            print!("iteration {iteration}:");
            // What this batch adds waits for the next one. So a task that wakes itself for ever cannot keep the loop from
            // what it does between two batches: from step 5 on, looking at the clock; in step 7, at sockets.
            for task in self.queue.take_batch() {
                self.unfinished -= usize::from(task.step());
            }
            println!();
        }
    }
}

/// Suspends for one trip through the ready queue: asks to be woken, and then lets go.
async fn yield_now() {
    let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
    waker.wake();
    let mut answers = [Poll::Pending, Poll::Ready(())].into_iter();
    poll_fn(|_| answers.next().expect("nobody polls a leaf that is ready")).await;
}

async fn worker(id: usize, steps: usize) {
    for step in 0..steps {
        print!(" {id}{step}");
        yield_now().await;
    }
    print!(" {id}ends");
}

fn main() {
    let mut event_loop = EventLoop::default();
    event_loop.spawn(worker(0, 2));
    event_loop.spawn(worker(1, 4));
    event_loop.spawn(worker(2, 2));
    event_loop.run();
}

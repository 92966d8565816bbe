//! Ladder, step 2 of 8: `block_on`, which sleeps instead of asking.
//!
//! What is missing: step 1 asked a thousand times in vain, because a future that says "pending" had no way to call back.
//!
//! What this step adds: the waker, the way to call back. `block_on` lends one to every poll and lets its thread sleep until
//! somebody uses it. The leaf here waits for another thread, and shows both halves of what a waker demands of a leaf: keep
//! the waker of the latest poll, and use it after the result is in place.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Wakes one sleeping thread.
struct Alarm {
    sleeper: Thread,
    rang: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.sleeper.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let alarm = Arc::new(Alarm {
        sleeper: thread::current(),
        rang: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    let mut polls = 0;
    loop {
        polls += 1;
        println!("poll {polls}");
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // An alarm that rings before we lie down is not lost: `park` after `unpark` returns at once. The flag is there
        // because `park` may also return for no reason at all.
        while !alarm.rang.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// A leaf: the result of work done on a thread of its own, which starts at the first poll.
struct Elsewhere<T> {
    work: Option<fn() -> T>,
    desk: Arc<Mutex<Desk<T>>>,
}

/// Where the two threads meet. One lock over both fields: otherwise the result could arrive between our look for it and our
/// leaving a waker, and nobody would be woken.
struct Desk<T> {
    result: Option<T>,
    waker: Option<Waker>,
}

fn elsewhere<T>(work: fn() -> T) -> Elsewhere<T> {
    Elsewhere {
        work: Some(work),
        desk: Arc::new(Mutex::new(Desk {
            result: None,
            waker: None,
        })),
    }
}

impl<T: Send + 'static> Future for Elsewhere<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut desk = self.desk.lock().expect("no panic at the desk");
        if let Some(result) = desk.result.take() {
            return Poll::Ready(result);
        }
        // At every poll, not only at the first: the coroutine may have moved to another caller in between.
        desk.waker = Some(context.waker().clone());
        drop(desk);
        if let Some(work) = self.work.take() {
            let desk = Arc::clone(&self.desk);
            thread::spawn(move || {
                let result = work();
                let mut desk = desk.lock().expect("no panic at the desk");
                desk.result = Some(result);
                let waker = desk.waker.take();
                // Whoever is woken comes straight for the desk, so it must be free.
                drop(desk);
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
        }
        Poll::Pending
    }
}

async fn add_and_multiply() -> (u64, u64) {
    let sum = elsewhere(|| {
        println!("  another thread adds");
        (1..=10).sum()
    });
    let product = elsewhere(|| {
        println!("  another thread multiplies");
        (1..=10).product()
    });
    (sum.await, product.await)
}

fn main() {
    let (sum, product) = block_on(add_and_multiply());
    println!("sum {sum}, product {product}: two waits, three polls");
}

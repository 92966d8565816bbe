//! Other threads complete a promise, set an event, fill a queue: a line each, though none of these can go to a thread.

use std::thread;
use std::time::Duration;

use kolo::{Completer, Event, Queue, RemoteRef, Result, run, running_loop};

/// One value, once: a completer. Its promise fails if the thread goes without a value.
fn compute(completer: Completer<u64>) -> Result<()> {
    completer.set_result((1..=20).product())
}

/// A reference, and what is to be done with the value in the loop's thread.
fn start(event: RemoteRef<Event>) -> Result<()> {
    thread::sleep(Duration::from_millis(10));
    event.call(|event| event.set())
}

/// A queue that is full has this thread wait, without a lock of its own.
fn produce(queue: RemoteRef<Queue<u32>>) -> Result<()> {
    (1..=5).try_for_each(|number| queue.spawn(move |queue| async move { queue.put(number).await }).wait())
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();

        let (completer, factorial) = event_loop.remote_promise();
        thread::spawn(move || compute(completer));
        println!("20! = {}", factorial.await?);

        let started = Event::new();
        let there = event_loop.remote_ref(started.clone());
        thread::spawn(move || start(there));
        started.wait().await?;
        println!("started");

        let numbers = Queue::new(2);
        let there = event_loop.remote_ref(numbers.clone());
        let (completer, produced) = event_loop.remote_promise();
        thread::spawn(move || completer.complete(produce(there)));
        for _ in 1..=5 {
            println!("got {}", numbers.get().await?);
        }
        // Not `join`, which would have the loop wait for a thread that may wait for the loop.
        produced.await?;

        let (completer, promise) = event_loop.remote_promise::<u64>();
        thread::spawn(move || drop(completer));
        println!("{}", promise.await.unwrap_err());
        Ok(())
    })
}

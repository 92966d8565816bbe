//! The way into a queue from another thread. Notes: in prose, on queues and threads.

use std::thread;

use kolo::{Queue, RemoteRef, Result, run, running_loop, to_thread};

fn producer(queue: RemoteRef<Queue<String>>) -> Result<()> {
    for i in 0..3 {
        // The queue itself cannot come here, and so nobody can forget to wake the loop.
        queue.call(move |queue| queue.put_nowait(i.to_string()))?;
    }
    queue.spawn(|queue| async move { queue.put("end".to_owned()).await }).wait()
}

fn main() -> Result<()> {
    run(async {
        let queue = Queue::new(0);
        let there = running_loop().remote_ref(queue.clone());
        let thread = thread::spawn(move || producer(there));
        loop {
            let item = queue.get().await?;
            if item == "end" {
                break;
            }
            println!("got {item}");
        }
        println!("end");
        // Not `thread.join()` here: the thread still waits for the loop.
        to_thread(move || thread.join().expect("it does not panic")).await
    })
}

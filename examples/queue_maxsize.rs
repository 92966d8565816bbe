//! `put` waits while a bounded queue is full. Notes: "Queue".

mod utils;

use kolo::{Queue, Result, create_task, run, running_loop, sleep};
use utils::Repr;

async fn producer(queue: Queue<u32>) -> Result<()> {
    for i in 0..5 {
        queue.put(i).await?;
        println!("put {i} at {:?} full: {}", running_loop().time(), queue.full().repr());
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let queue = Queue::new(2);
        let task = create_task(producer(queue.clone()));
        sleep(1).await?;
        println!("maxsize {} qsize {}", queue.maxsize(), queue.qsize());
        while !(task.done() && queue.empty()) {
            println!("got {}", queue.get().await?);
            queue.task_done()?;
            sleep(1).await?;
        }
        queue.join().await
    })
}

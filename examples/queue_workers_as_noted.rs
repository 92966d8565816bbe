//! Three workers empty a queue, and then wait for ever for more: nobody ends them. Notes: "Очереди".

mod utils;

use kolo::{Queue, Result, create_task, gather, run, sleep};
use utils::UNIFORM;

async fn worker(name: String, queue: Queue<f64>) -> Result<()> {
    loop {
        // Get a "work item" out of the queue.
        let sleep_for = queue.get().await?;

        // Sleep for the "sleep_for" seconds.
        sleep(sleep_for).await?;

        // Notify the queue that the "work item" has been processed.
        queue.task_done()?;

        println!("{name} has slept for {sleep_for:.2} seconds");
    }
}

fn main() -> Result<()> {
    run(async {
        // Create a queue that we will use to store our "workload".
        let queue = Queue::new(0);

        // Put the timings that the notes draw at random into it.
        for sleep_for in UNIFORM {
            queue.put_nowait(sleep_for)?;
        }

        // Create three worker tasks to process the queue concurrently.
        let tasks = [0, 1, 2].map(|i| create_task(worker(format!("worker-{i}"), queue.clone())));

        // Wait until the queue is fully processed.
        queue.join().await?;
        gather(tasks).return_exceptions().await?;
        Ok(())
    })
}

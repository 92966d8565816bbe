//! Waiting for the queue and its workers at once does not end either. Notes: "Очереди".

mod utils;

use kolo::{Queue, Result, create_task, gather, run, sleep};
use utils::UNIFORM;

async fn worker(name: String, queue: Queue<f64>) -> Result<()> {
    loop {
        let sleep_for = queue.get().await?;
        sleep(sleep_for).await?;
        queue.task_done()?;
        println!("{name} has slept for {sleep_for:.2} seconds");
    }
}

fn main() -> Result<()> {
    run(async {
        let queue = Queue::new(0);
        for sleep_for in UNIFORM {
            queue.put_nowait(sleep_for)?;
        }
        let [a, b, c] = [0, 1, 2].map(|i| create_task(worker(format!("worker-{i}"), queue.clone())));
        let join = create_task(async move { queue.join().await });

        // The workers never return, so neither does gather.
        gather([join, a, b, c]).return_exceptions().await?;
        Ok(())
    })
}

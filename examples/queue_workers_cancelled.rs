//! Three workers empty a queue, and are cancelled when it is. Notes: "Очереди".

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
        let tasks = [0, 1, 2].map(|i| create_task(worker(format!("worker-{i}"), queue.clone())));
        queue.join().await?;
        for task in &tasks {
            task.cancel();
        }
        // Each outcome is a cancellation; none of them is an error of gather's.
        gather(tasks).return_exceptions().await?;
        Ok(())
    })
}

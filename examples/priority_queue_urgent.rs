//! An urgent item overtakes those that wait. Notes: "Queue".

use kolo::{PriorityQueue, Result, create_task, run, running_loop, sleep};

async fn worker(queue: PriorityQueue<(u32, String)>) -> Result<()> {
    loop {
        let (priority, name) = queue.get().await?;
        println!("{name} (priority {priority}) at {:?}", running_loop().time());
        sleep(1).await?;
        queue.task_done()?;
    }
}

fn main() -> Result<()> {
    run(async {
        let queue = PriorityQueue::new(0);
        for i in 0..4 {
            queue.put_nowait((10, format!("ordinary {i}")))?;
        }
        let task = create_task(worker(queue.clone()));
        sleep(1.5).await?;
        queue.put((1, String::from("urgent"))).await?;
        queue.join().await?;
        task.cancel();
        Ok(())
    })
}

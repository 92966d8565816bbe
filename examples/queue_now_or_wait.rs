//! The four methods of a queue and their errors. Notes: "Очереди".

use kolo::{Queue, Result, create_task, run, sleep};

fn main() -> Result<()> {
    run(async {
        let queue = Queue::new(1);
        if let Err(error) = queue.get_nowait() {
            println!("{:?} ({})", error.kind(), error.message());
        }
        queue.put_nowait("now")?;
        if let Err(error) = queue.put_nowait("no room") {
            println!("{:?} ({})", error.kind(), error.message());
        }
        println!("{}", queue.get_nowait()?);
        queue.put("waited").await?;
        println!("{}", queue.get().await?);
        for _ in 0..3 {
            match queue.task_done() {
                Ok(()) => println!("task_done"),
                Err(error) => println!("ValueError: {error}"),
            }
        }

        let getting = queue.clone();
        let getter = create_task(async move { getting.get().await });
        sleep(1).await?;
        queue.put_nowait("woken")?;
        println!("{}", getter.await?);
        Ok(())
    })
}

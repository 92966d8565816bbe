//! A shield guards against the cancellation of the waiter, not of the task. Notes: "Функция `shield`".

mod utils;

use kolo::{Result, Task, create_task, run, shield, sleep, wait};
use utils::Repr;

async fn work() -> Result<&'static str> {
    if let Err(error) = sleep(2).await {
        println!("work: cancelled");
        return Err(error);
    }
    println!("work: end");
    Ok("result")
}

async fn waiter(task: Task<&'static str>) -> Result<&'static str> {
    let outcome = shield(&task).await;
    if outcome.is_err() {
        let cancelled = task.cancelled().repr();
        println!("waiter: CancelledError, the task is cancelled: {cancelled}");
    }
    outcome
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(work());
        let waiting = create_task(waiter(task.clone()));
        sleep(1).await?;
        waiting.cancel();
        wait([&waiting]).await?;
        println!("waiter cancelled: {}", waiting.cancelled().repr());
        println!("{}", task.await?);

        let task = create_task(work());
        let shield = shield(&task);
        sleep(1).await?;
        task.cancel(); // the shield does not protect from this
        wait([&shield]).await?;
        println!("cancelled: {} {}", task.cancelled().repr(), shield.cancelled().repr());
        Ok(())
    })
}

//! Requests to cancel are counted. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{Result, create_task, current_task, run, sleep, sleep_with, wait};
use utils::Repr;

async fn worker() -> Result<&'static str> {
    if let (Err(error), Some(task)) = (sleep(5).await, current_task())
        && error.is_cancelled()
    {
        println!("worker: caught, cancelling() = {}", task.cancelling());
        println!("worker: uncancel() = {}", task.uncancel());
        println!("worker: uncancel() = {}", task.uncancel());
        println!("worker: uncancel() = {}", task.uncancel());
    }
    sleep(1).await?;
    Ok("done")
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(worker());
        println!("cancelling() = {}", task.cancelling());
        sleep(1).await?;
        task.cancel();
        task.cancel();
        let cancelled = task.cancelled().repr();
        println!("cancelling() = {} cancelled() = {cancelled}", task.cancelling());
        println!("{}", (&task).await?);
        let cancelled = task.cancelled().repr();
        println!("cancelling() = {} cancelled() = {cancelled}", task.cancelling());

        // Before the task has run at all, uncancel takes the request back.
        let task = create_task(sleep_with(1, "slept"));
        task.cancel();
        println!("uncancel() = {}", task.uncancel());
        println!("{}", task.await?);

        // A task that is cancelled stays cancelled.
        let task = create_task(sleep(1));
        task.cancel();
        wait([&task]).await?;
        print!("cancelling() = {} uncancel() = {}", task.cancelling(), task.uncancel());
        println!(" cancelled() = {}", task.cancelled().repr());
        Ok(())
    })
}

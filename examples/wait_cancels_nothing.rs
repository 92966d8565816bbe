//! `wait` with a timeout against `wait_for`. Notes: "Функция `wait`".

mod utils;

use kolo::{Result, Task, create_task, run, running_loop, sleep, wait, wait_for};
use utils::Repr;

async fn work(seconds: u32) -> Result<u32> {
    if let Err(error) = sleep(seconds).await {
        println!("cancelled {seconds}");
        return Err(error);
    }
    Ok(seconds)
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        let tasks = [1, 3].map(|seconds| create_task(work(seconds)));
        let (done, mut pending) = wait(tasks).timeout(2).await?;
        let results: Vec<_> = done.iter().map(|task| task.result()).collect();
        println!("wait: {} {} {:?}", results.repr(), pending.len(), event_loop.time());
        if let Some(task) = pending.pop() {
            println!("it goes on: {} {:?}", task.await?, event_loop.time());
        }
        let task = create_task(work(3));
        if wait_for(&task, 2).await.is_err() {
            let cancelled = task.cancelled().repr();
            println!("wait_for: cancelled: {cancelled} {:?}", event_loop.time());
        }
        // Nothing to wait for is an error; that a coroutine is not a task is one the compiler finds.
        if let Err(error) = wait(Vec::<Task<()>>::new()).await {
            println!("ValueError: {error}");
        }
        Ok(())
    })
}

//! The outcomes of `wait_for`. Notes: "Функция `wait_for`".

mod utils;

use kolo::{Result, create_task, run, running_loop, shield, sleep, wait_for};
use utils::Repr;

async fn work(seconds: u32) -> Result<String> {
    if let Err(error) = sleep(seconds).await {
        println!("work({seconds}) cancelled");
        return Err(error);
    }
    Ok(format!("slept {seconds}"))
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        println!("{}", wait_for(work(1), 2).await?);
        println!("{}", wait_for(work(1), None).await?);
        if let Err(error) = wait_for(work(2), 1).await {
            let timeout = error.is_timeout().repr();
            println!("TimeoutError ({}) {timeout} {:?}", error.message(), event_loop.time());
        }
        if wait_for(work(3), 0).await.is_err() {
            let time = event_loop.time();
            println!("timeout=0: at once, the coroutine never started {time:?}");
        }
        let task = create_task(work(4));
        if wait_for(shield(&task), 1).await.is_err() {
            println!("shielded, done: {}", task.done().repr());
        }
        println!("{} {:?}", task.await?, event_loop.time());
        Ok(())
    })
}

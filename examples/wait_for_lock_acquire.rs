//! Waiting for a lock with a timeout is a way out of a deadlock. Notes: "Deadlock".

mod utils;

use kolo::{Lock, Result, create_task, run, running_loop, sleep, wait_for};
use utils::Repr;

async fn holder(lock: Lock) -> Result<()> {
    let _held = lock.hold().await?;
    println!("holder: lock acquired");
    sleep(60).await
}

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        let holding = create_task(holder(lock.clone()));
        sleep(0).await?;
        match wait_for(lock.acquire(), 10).await {
            Err(error) if error.is_timeout() => {
                println!("main: no lock after {} seconds", running_loop().time().repr());
            }
            outcome => outcome?,
        }
        holding.cancel();
        wait_for(lock.acquire(), 10).await?;
        println!("main: lock acquired, locked: {}", lock.locked().repr());
        lock.release()
    })
}

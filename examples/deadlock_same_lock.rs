//! A lock is not reentrant: the task waits for itself. Notes: "Deadlock".

use kolo::{Lock, Result, run};

async fn task(lock: Lock) -> Result<()> {
    println!("Task acquiring lock...");
    // acquire the lock
    let _held = lock.hold().await?;
    println!("Task acquiring lock again...");
    // acquire the lock
    let _again = lock.hold().await?;
    // will never get here
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        // create the shared lock
        let lock = Lock::new();
        // execute and await the coroutine
        task(lock).await
    })
}

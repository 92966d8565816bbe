//! An error between `acquire` and `release` leaves the lock taken. Notes: "Deadlock".

use kolo::{Error, Lock, Result, create_task, run, sleep};

async fn task(lock: Lock) -> Result<()> {
    // acquire the lock
    println!("Task acquiring lock...");
    lock.acquire().await?;
    // fail
    fail()?;
    // release the lock (never gets here)
    println!("Task releasing lock...");
    lock.release()
}

fn fail() -> Result<()> {
    Err(Error::other("Something bad happened"))
}

fn main() -> Result<()> {
    run(async {
        // create the mutex lock
        let lock = Lock::new();
        // create and start the new task
        create_task(task(lock.clone()));
        // wait a moment
        sleep(1).await?;
        // acquire the lock
        println!("Main acquiring lock...");
        lock.acquire().await?;
        // do something...
        // release lock (never gets here)
        lock.release()
    })
}

//! A lock is fair: first come, first served. Notes: in prose, on `asyncio.Lock`.

mod utils;

use kolo::{Lock, Result, create_task, gather, run, sleep};
use utils::Repr;

async fn worker(name: &str, lock: Lock) -> Result<()> {
    println!("{name} waits");
    let _held = lock.hold().await?;
    println!("{name} works, locked: {}", lock.locked().repr());
    sleep(1).await
}

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        println!("locked: {}", lock.locked().repr());
        println!("acquire() returns {}", lock.acquire().await.is_ok().repr());
        let tasks = ["a", "b", "c"].map(|name| create_task(worker(name, lock.clone())));
        sleep(1).await?;
        println!("locked: {}", lock.locked().repr());
        lock.release()?;
        // Released, but promised to a: the main task must queue up behind c.
        {
            let _held = lock.hold().await?;
            println!("main last");
        }
        gather(tasks).await?;
        if let Err(error) = lock.release() {
            println!("RuntimeError: {error}");
        }
        Ok(())
    })
}

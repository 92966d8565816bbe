//! Guards that are dropped where they are made, and futures that nobody awaits.

#![deny(unused_must_use, let_underscore_drop)]

use kolo::{Lock, Result, Semaphore, gather, run, shield, sleep, timeout};

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        let semaphore = Semaphore::new(1)?;
        lock.hold().await?;
        semaphore.hold().await?;
        let _ = lock.hold().await?;
        let _ = semaphore.hold().await?;
        lock.acquire();
        sleep(1);
        sleep(1).await;
        timeout(1, sleep(2));
        gather([sleep(1)]);
        shield(sleep(1));
        lock.release();
        Ok(())
    })
}

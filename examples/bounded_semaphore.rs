//! A bounded semaphore refuses a `release` too many. Notes: "Ограниченные семафоры".

use kolo::{BoundedSemaphore, Result, run};

fn main() -> Result<()> {
    run(async {
        let semaphore = BoundedSemaphore::new(1)?;

        semaphore.acquire().await?;
        semaphore.release()?;
        semaphore.release()?; // BoundedSemaphore released too many times
        Ok(())
    })
}

//! `acquire` and `release` beside a guard. Notes: "lock = asyncio.Lock()".

mod utils;

use kolo::{Lock, Result, run};
use utils::Repr;

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        lock.acquire().await?;
        // The critical section.
        println!("acquire: {}", lock.locked().repr());
        lock.release()?;
        println!("release: {}", lock.locked().repr());

        let held = lock.hold().await?;
        // The critical section.
        println!("async with: {}", lock.locked().repr());
        drop(held);
        println!("after it: {}", lock.locked().repr());
        Ok(())
    })
}

//! What a bounded semaphore adds: no more permits than at first. Notes: in prose, on `asyncio.BoundedSemaphore`.

use kolo::{BoundedSemaphore, Result, Semaphore, run};

fn main() -> Result<()> {
    run(async {
        let (plain, bounded) = (Semaphore::new(1)?, BoundedSemaphore::new(1)?);
        plain.release();
        println!("Semaphore after an extra release(): {}", plain.value());
        if let Err(error) = bounded.release() {
            println!("ValueError: {error}");
        }
        println!("BoundedSemaphore: {}", bounded.value());
        Ok(())
    })
}

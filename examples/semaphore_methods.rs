//! The counter of a semaphore, step by step. Notes: in prose, on `asyncio.Semaphore`.

mod utils;

use kolo::{Result, Semaphore, create_task, run, sleep};
use utils::Repr;

async fn third(semaphore: Semaphore) -> Result<()> {
    semaphore.acquire().await?;
    println!("third acquired");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let semaphore = Semaphore::new(2)?;
        println!("{} {}", semaphore.value(), semaphore.locked().repr());
        println!("{}", semaphore.acquire().await.is_ok().repr());
        println!("{} {}", semaphore.value(), semaphore.locked().repr());
        println!("{}", semaphore.acquire().await.is_ok().repr());
        println!("{} {}", semaphore.value(), semaphore.locked().repr());

        let task = create_task(third(semaphore.clone()));
        sleep(1).await?;
        semaphore.release();
        println!("{} {} promised to the third", semaphore.value(), semaphore.locked().repr());
        task.await?;
        println!("{} {}", semaphore.value(), semaphore.locked().repr());
        semaphore.release();
        semaphore.release();
        println!("{} {}", semaphore.value(), semaphore.locked().repr());
        if let Err(error) = Semaphore::new(-1) {
            println!("ValueError: {error}");
        }
        Ok(())
    })
}

//! A semaphore of two: two get in, two wait. Notes: "Ограничение уровня конкурентности на уровне семафоров".

use kolo::{Result, Semaphore, gather, run, sleep};

async fn operation(semaphore: Semaphore) -> Result<()> {
    println!("Жду возможности захватить семафор...");
    {
        let _permit = semaphore.hold().await?;
        println!("Семафор захвачен");
        sleep(2).await?;
    }
    println!("Семафор освобождён");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let semaphore = Semaphore::new(2)?;
        gather((0..4).map(|_| operation(semaphore.clone()))).await?;
        Ok(())
    })
}

//! A `release` without an `acquire` raises the limit of a semaphore. Notes: "Ограниченные семафоры".

use kolo::{Result, Semaphore, gather, run, sleep};

async fn acquire(semaphore: Semaphore) -> Result<()> {
    println!("Ожидание возможности захвата");
    {
        let _permit = semaphore.hold().await?;
        println!("Захвачен");
        sleep(5).await?;
    }
    println!("Освобождается");
    Ok(())
}

async fn release(semaphore: Semaphore) -> Result<()> {
    println!("Одиночное освобождение!");
    semaphore.release();
    println!("Одиночное освобождение - готово!");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let semaphore = Semaphore::new(2)?;

        println!("Два захвата, три освобождения...");
        gather!(
            acquire(semaphore.clone()),
            acquire(semaphore.clone()),
            release(semaphore.clone()),
        )
        .await?;

        println!("Три захвата...");
        gather!(
            acquire(semaphore.clone()),
            acquire(semaphore.clone()),
            acquire(semaphore.clone()),
        )
        .await?;
        Ok(())
    })
}

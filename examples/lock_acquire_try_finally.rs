//! `acquire` and `release` by hand do what the guard does. Notes: "Блокировки".

mod utils;

use kolo::{Lock, Result, gather, run};
use utils::delay;

async fn a(lock: Lock) -> Result<()> {
    println!("Сопрограмма а ждёт возможности захватить блокировку");
    lock.acquire().await?;
    println!("Сопрограмма a находится в крит секции");
    let slept = delay(2).await;
    lock.release()?; // `finally`: before the `?` of what was awaited
    slept?;
    println!("Сопрограмма а освободила блокировку");
    Ok(())
}

async fn b(lock: Lock) -> Result<()> {
    println!("Сопрограмма b ждёт возможности захватить блокировку");
    lock.acquire().await?;
    println!("Сопрограмма b находится в крит секции");
    let slept = delay(2).await;
    lock.release()?;
    slept?;
    println!("Сопрограмма b освободила блокировку");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        gather!(a(lock.clone()), b(lock)).await?;
        Ok(())
    })
}

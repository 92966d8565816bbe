//! A lock: the second coroutine gets in when the first has left. Notes: "Блокировки".

mod utils;

use kolo::{Lock, Result, gather, run};
use utils::delay;

async fn a(lock: Lock) -> Result<()> {
    println!("Сопрограмма а ждёт возможности захватить блокировку");
    {
        let _held = lock.hold().await?;
        println!("Сопрограмма a находится в крит секции");
        delay(2).await?;
    }
    println!("Сопрограмма а освободила блокировку");
    Ok(())
}

async fn b(lock: Lock) -> Result<()> {
    println!("Сопрограмма b ждёт возможности захватить блокировку");
    {
        let _held = lock.hold().await?;
        println!("Сопрограмма b находится в крит секции");
        delay(2).await?;
    }
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

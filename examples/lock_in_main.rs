//! A lock made in main and passed to the coroutines. Notes: "Разница Lock() из thearding и asyncio".

mod utils;

use kolo::{Lock, Result, gather, run};
use utils::delay;

async fn a(lock: Lock) -> Result<()> {
    println!("Сопрограмма a ждет возможности захватить блокировку");
    {
        let _held = lock.hold().await?;
        println!("Сопрограмма a находится в критической секции");
        delay(2).await?;
    }
    println!("Сопрограмма a освободила блокировку");
    Ok(())
}

async fn b(lock: Lock) -> Result<()> {
    println!("Сопрограмма b ждет возможности захватить блокировку");
    {
        let _held = lock.hold().await?;
        println!("Сопрограмма b находится в критической секции");
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

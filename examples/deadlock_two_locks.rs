//! Two tasks take two locks in opposite order. Notes: "Deadlock".

use kolo::{Lock, Result, gather, run, sleep};

async fn task(number: u32, lock1: Lock, lock2: Lock) -> Result<()> {
    println!("Task {number} acquiring lock 1...");
    let _held1 = lock1.hold().await?;
    sleep(1).await?;
    println!("Task {number} acquiring lock 2...");
    let _held2 = lock2.hold().await?;
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let lock1 = Lock::new();
        let lock2 = Lock::new();
        let coro1 = task(1, lock1.clone(), lock2.clone());
        let coro2 = task(2, lock2, lock1);
        gather!(coro1, coro2).await?;
        Ok(())
    })
}

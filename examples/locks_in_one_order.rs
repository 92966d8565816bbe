//! Locks taken in the same order everywhere: no deadlock. Notes: in prose, "Deadlock".

use kolo::{Lock, Result, gather, run, running_loop, sleep};

async fn task(number: u32, lock1: Lock, lock2: Lock) -> Result<()> {
    println!("Task {number} acquiring lock 1...");
    let _held1 = lock1.hold().await?;
    sleep(1).await?;
    println!("Task {number} acquiring lock 2...");
    let _held2 = lock2.hold().await?;
    println!("Task {number} has both");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let (lock1, lock2) = (Lock::new(), Lock::new());
        gather([task(1, lock1.clone(), lock2.clone()), task(2, lock1, lock2)]).await?;
        println!("no deadlock {:?}", running_loop().time());
        Ok(())
    })
}

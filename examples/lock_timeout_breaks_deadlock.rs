//! A timeout gets a program out of a deadlock. Notes: in prose, "Deadlock".

use kolo::{Lock, Result, gather, run, running_loop, sleep, wait_for};

async fn task(number: u32, lock1: Lock, lock2: Lock) -> Result<()> {
    let _held1 = lock1.hold().await?;
    sleep(number).await?;
    match wait_for(lock2.hold(), 5).await {
        Ok(_held2) => println!("Task {number} has both at {:?}", running_loop().time()),
        Err(error) if error.is_timeout() => println!("Task {number} gives up at {:?}", running_loop().time()),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let (lock1, lock2) = (Lock::new(), Lock::new());
        gather([task(1, lock1.clone(), lock2.clone()), task(2, lock2, lock1)]).await?;
        Ok(())
    })
}

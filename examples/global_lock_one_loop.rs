//! A global lock, used by one loop, works. Notes: in prose, "Блокировки".

use kolo::{Lock, Result, gather, run, sleep};

thread_local! {
    // No loop is running yet.
    static LOCK: Lock = Lock::new();
}

async fn worker(name: &str) -> Result<()> {
    let lock = LOCK.with(Lock::clone);
    let held = lock.hold().await?;
    println!("{name} in the critical section");
    sleep(1).await?;
    drop(held);
    println!("{name} out of it");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather([worker("a"), worker("b")]).await?;
        Ok(())
    })
}

//! A lock for which somebody has waited belongs to that loop. Notes: in prose, "Блокировки".

use kolo::{Lock, Result, gather, run, sleep};

thread_local! {
    static LOCK: Lock = Lock::new();
}

async fn worker(name: &str) -> Result<()> {
    let lock = LOCK.with(Lock::clone);
    let _held = lock.hold().await?;
    println!("{name} in the critical section");
    sleep(1).await
}

async fn contended() -> Result<()> {
    gather([worker("a"), worker("b")]).await?;
    Ok(())
}

async fn uncontended() -> Result<()> {
    let lock = LOCK.with(Lock::clone);
    let _held = lock.hold().await?;
    println!("no one waits: the second loop may use the lock");
    Ok(())
}

fn main() -> Result<()> {
    run(contended())?; // b waits: the lock belongs to this loop now
    run(uncontended())?;
    if let Err(error) = run(contended()) {
        println!("RuntimeError: {error}");
    }
    Ok(())
}

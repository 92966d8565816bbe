//! The race of ten thousand, cured with a lock. Notes: "Race Condition".

use std::cell::Cell;

use kolo::{Lock, Result, gather, run, sleep};

thread_local! {
    static COUNTER: Cell<u32> = const { Cell::new(0) };
}

async fn increment_counter(lock: Lock) -> Result<()> {
    let _held = lock.hold().await?;
    let mut current = COUNTER.get();
    sleep(0).await?;
    current += 1;
    sleep(0).await?;
    COUNTER.set(current);
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();
        let coroutines = (0..10_000).map(|_| increment_counter(lock.clone())); // the coroutines that update the counter
        gather(coroutines).await?; // start them
        println!("{}", COUNTER.get());
        Ok(())
    })
}

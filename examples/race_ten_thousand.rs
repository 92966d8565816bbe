//! A yield between reading and writing: ten thousand increments leave 1. Notes: "Race Condition".

use std::cell::Cell;

use kolo::{Result, gather, run, sleep};

thread_local! {
    static COUNTER: Cell<u32> = const { Cell::new(0) };
}

async fn increment_counter() -> Result<()> {
    let mut current = COUNTER.get();
    sleep(0).await?;
    current += 1;
    sleep(0).await?;
    COUNTER.set(current);
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let coroutines = (0..10_000).map(|_| increment_counter());
        gather(coroutines).await?;
        println!("{}", COUNTER.get());
        Ok(())
    })
}

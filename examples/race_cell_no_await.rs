//! Going further: the race of ten thousand with a `Cell` and no await, which cannot lose an update.
//!
//! Only an await gives another task the word. Between two awaits a single-threaded program is alone with its data, and a
//! `Cell` says so in its type: it is not `Sync`, so no thread can come in between either.

use std::cell::Cell;

use kolo::{Result, gather, run, running_loop, sleep};

thread_local! {
    static COUNTER: Cell<u32> = const { Cell::new(0) };
}

async fn increment_counter() -> Result<()> {
    sleep(0).await?;
    COUNTER.set(COUNTER.get() + 1);
    sleep(0).await?;
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather((0..10_000).map(|_| increment_counter())).await?;
        println!("{} after {} turns of the loop", COUNTER.get(), running_loop().iterations());
        Ok(())
    })
}

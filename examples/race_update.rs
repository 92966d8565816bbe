//! Going further: the race of ten thousand with an `update` in which there is no room for an await.
//!
//! The function given to `update` is not async: an await inside does not compile. So nobody can put one between reading
//! and writing, not even years later and in another file.

use std::cell::Cell;

use kolo::{Result, gather, run, running_loop, sleep};

struct Counter(Cell<u32>);

impl Counter {
    /// Replaces the value by what `change` makes of it.
    fn update(&self, change: impl FnOnce(u32) -> u32) {
        self.0.set(change(self.0.get()));
    }
}

thread_local! {
    static COUNTER: Counter = const { Counter(Cell::new(0)) };
}

async fn increment_counter() -> Result<()> {
    sleep(0).await?;
    COUNTER.with(|counter| counter.update(|current| current + 1));
    sleep(0).await?;
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather((0..10_000).map(|_| increment_counter())).await?;
        let counter = COUNTER.with(|counter| counter.0.get());
        println!("{counter} after {} turns of the loop", running_loop().iterations());
        Ok(())
    })
}

//! No await between reading and writing: no update is ever lost. Notes: "Природа ошибок в модели однопоточной конкурентности".

use std::cell::Cell;

use kolo::{Result, create_task, gather, run, sleep};

thread_local! {
    static COUNTER: Cell<u32> = const { Cell::new(0) };
}

async fn increment() -> Result<()> {
    sleep(0.01).await?;
    COUNTER.set(COUNTER.get() + 1);
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        for _ in 0..1000 {
            let tasks: Vec<_> = (0..100).map(|_| create_task(increment())).collect();
            gather(tasks).await?;

            println!("{}", COUNTER.get());

            assert_eq!(COUNTER.get(), 100);
            COUNTER.set(0);
        }
        Ok(())
    })
}

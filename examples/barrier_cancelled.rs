//! A task that is cancelled at a barrier no longer counts. Notes: in prose, on `asyncio.Barrier`.

mod utils;

use kolo::{Barrier, Result, create_task, gather, run, sleep, wait};
use utils::Repr;

async fn worker(name: &str, barrier: Barrier) -> Result<()> {
    let outcome = barrier.wait().await;
    match &outcome {
        Err(error) if error.is_cancelled() => println!("{name} CancelledError"),
        _ => println!("{name} through"),
    }
    outcome.map(|_position| ())
}

fn main() -> Result<()> {
    run(async {
        let barrier = Barrier::new(2)?;
        let task = create_task(worker("a", barrier.clone()));
        sleep(1).await?;
        task.cancel();
        wait([&task]).await?;
        let (cancelled, broken) = (task.cancelled().repr(), barrier.broken().repr());
        println!("cancelled: {cancelled} n_waiting: {} broken: {broken}", barrier.n_waiting());
        gather(["b", "c"].map(|name| worker(name, barrier.clone()))).await?;
        Ok(())
    })
}

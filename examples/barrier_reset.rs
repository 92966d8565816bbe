//! `reset` breaks those who wait, and the barrier can be used again. Notes: in prose, on `asyncio.Barrier`.

mod utils;

use kolo::{Barrier, Kind, Result, create_task, gather, run, sleep};
use utils::Repr;

async fn worker(name: &str, barrier: Barrier) -> Result<()> {
    match barrier.wait().await {
        Ok(_) => println!("{name} through"),
        Err(error) if error.kind() == Kind::BrokenBarrier => println!("{name} BrokenBarrierError {error}"),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let barrier = Barrier::new(3)?;
        let first = ["a", "b"].map(|name| create_task(worker(name, barrier.clone())));
        sleep(1).await?;
        println!("n_waiting: {}", barrier.n_waiting());
        barrier.reset().await?;
        gather(first).await?;
        println!("n_waiting: {} broken: {}", barrier.n_waiting(), barrier.broken().repr());
        gather(["c", "d", "e"].map(|name| worker(name, barrier.clone()))).await?;
        Ok(())
    })
}

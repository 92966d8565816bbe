//! `abort` breaks those who wait and those who come, until `reset`. Notes: in prose, on `asyncio.Barrier`.

mod utils;

use kolo::{Barrier, Kind, Result, create_task, gather, run, sleep};
use utils::Repr;

async fn worker(name: &str, barrier: Barrier) -> Result<()> {
    match barrier.wait().await {
        Ok(_) => println!("{name} through"),
        Err(error) if error.kind() == Kind::BrokenBarrier => println!("{name} BrokenBarrierError: {error}"),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let barrier = Barrier::new(3)?;
        let waiting = ["a", "b"].map(|name| create_task(worker(name, barrier.clone())));
        sleep(1).await?;
        barrier.abort().await?;
        gather(waiting).await?;
        println!("broken: {}", barrier.broken().repr());
        worker("c", barrier.clone()).await?;
        barrier.reset().await?;
        println!("after reset() broken: {}", barrier.broken().repr());
        gather(["d", "e", "f"].map(|name| worker(name, barrier.clone()))).await?;
        Ok(())
    })
}

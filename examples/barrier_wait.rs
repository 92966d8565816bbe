//! All wait for the last, twice. Notes: in prose, on `asyncio.Barrier`.

mod utils;

use kolo::{Barrier, Result, gather, run, running_loop, sleep};
use utils::Repr;

async fn worker(name: &str, delay: u32, barrier: Barrier) -> Result<()> {
    sleep(delay).await?;
    println!("{name} at the barrier, {} waiting", barrier.n_waiting());
    let position = barrier.wait().await?;
    println!("{name} through at {:?}, wait() returned {position}", running_loop().time());
    Ok(())
}

fn print(barrier: &Barrier) {
    let (parties, n_waiting, broken) = (barrier.parties(), barrier.n_waiting(), barrier.broken().repr());
    println!("parties: {parties} n_waiting: {n_waiting} broken: {broken}");
}

fn main() -> Result<()> {
    run(async {
        let barrier = Barrier::new(3)?;
        print(&barrier);
        let workers = [("a", 3), ("b", 1), ("c", 2), ("d", 4), ("e", 5), ("f", 6)];
        gather(workers.map(|(name, delay)| worker(name, delay, barrier.clone()))).await?;
        print(&barrier);
        Ok(())
    })
}

//! Past a barrier, with the place in the row. Notes: in prose, on `asyncio.Barrier`.

use kolo::{Barrier, Result, gather, run, running_loop, sleep};

async fn worker(name: &str, delay: u32, barrier: Barrier) -> Result<()> {
    sleep(delay).await?;
    let position = barrier.wait().await?;
    println!("{name} through, position {position}");
    sleep(1).await
}

fn main() -> Result<()> {
    run(async {
        let barrier = Barrier::new(2)?;
        gather([worker("a", 0, barrier.clone()), worker("b", 1, barrier)]).await?;
        println!("{:?}", running_loop().time());
        Ok(())
    })
}

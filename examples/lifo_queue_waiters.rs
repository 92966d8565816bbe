//! LIFO is about the items, not about those who wait. Notes: in prose, on `asyncio.LifoQueue`.

use kolo::{LifoQueue, Result, create_task, gather, run, sleep};

async fn getter(name: &str, queue: LifoQueue<&'static str>) -> Result<()> {
    println!("{name} {}", queue.get().await?);
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let queue = LifoQueue::new(0);
        for item in ["a", "b", "c"] {
            queue.put_nowait(item)?;
        }
        println!("{} {} {}", queue.get_nowait()?, queue.get_nowait()?, queue.get_nowait()?);

        let getters = ["first", "second"].map(|name| create_task(getter(name, queue.clone())));
        sleep(0).await?;
        queue.put_nowait("d")?;
        queue.put_nowait("e")?;
        gather(getters).await?; // items are last in first out, waiters are not
        Ok(())
    })
}

//! The value of what was awaited, without `?`.

use kolo::{Queue, run, sleep_with};

async fn half(number: u32) -> kolo::Result<u32> {
    let number: u32 = sleep_with(1, number).await;
    Ok(number / 2)
}

fn main() -> kolo::Result<()> {
    run(async {
        let queue = Queue::new(0);
        queue.put(half(2).await?).await?;
        println!("{}", queue.get().await + 1);
        Ok(())
    })
}

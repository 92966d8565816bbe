//! A coroutine that gives its value bare.

use kolo::{Result, create_task, gather, run, sleep};

async fn answer() -> u32 {
    42
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(answer());
        let block = create_task(async { 42 });
        sleep(1).await?;
        gather([answer(), answer()]).await?;
        gather!(answer(), sleep(1)).await?;
        task.await?;
        block.await
    })
}

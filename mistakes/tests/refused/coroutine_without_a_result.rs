//! A coroutine that gives its value bare, or with an error that is not kolo's.

use std::io;

use kolo::{Result, create_task, gather, run, sleep};

async fn answer() -> u32 {
    42
}

async fn bytes() -> io::Result<u32> {
    Ok(42)
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(answer());
        let block = create_task(async { 42 });
        create_task(bytes());
        sleep(1).await?;
        gather([answer(), answer()]).await?;
        gather!(answer(), sleep(1)).await?;
        task.await?;
        block.await
    })
}

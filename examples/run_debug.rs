//! What `run` does at the end, and its debug mode. Notes: in prose, on `asyncio.run`.

mod utils;

use kolo::{Result, Runner, Task, create_task, run, running_loop, sleep};
use utils::Repr;

async fn debug() -> Result<&'static str> {
    println!("debug: {}", running_loop().debug().repr());
    Ok("result")
}

async fn background() -> Result<()> {
    let slept = sleep(10).await;
    println!("background: cancelled by asyncio.run at the end");
    slept
}

async fn leaves() -> Result<Task<()>> {
    let task = create_task(background());
    sleep(1).await?;
    Ok(task)
}

fn main() -> Result<()> {
    println!("{}", run(debug())?);
    println!("{}", Runner::builder().debug(true).build()?.run(debug())?);
    println!("{}", run(leaves())?.cancelled().repr());
    Ok(())
}

//! Awaiting coroutines one after another takes the sum of their times. Notes: "Asyncio".

use kolo::{Result, run, running_loop, sleep};

async fn say_after(delay: u32, msg: &str) -> Result<()> {
    sleep(delay).await?;
    println!("{msg}");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let started = running_loop().time();

        say_after(1, "hello").await?;
        say_after(2, " world").await?;

        println!("Time: {:?}", running_loop().time() - started);
        Ok(())
    })
}

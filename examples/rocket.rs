//! An async function, awaits and sleeps. Notes: "Asyncio".

use kolo::{Result, run, sleep};

async fn rocket() -> Result<()> {
    println!("1");
    sleep(1).await?;
    println!("2");
    sleep(1).await?;
    println!("3");
    sleep(1).await?;
    println!("Go!");
    Ok(())
}

fn main() -> Result<()> {
    run(rocket())
}

//! No loop inside a loop. Notes: "Как запустить асинхронную функцию(сопрограмму)? / asyncio.run".

use kolo::{Result, run, running_loop};

async fn inner() -> Result<u32> {
    Ok(1)
}

async fn outer() -> Result<()> {
    if let Err(error) = run(inner()) {
        println!("RuntimeError: {error}");
    }
    if let Err(error) = running_loop().run_until_complete(inner()) {
        println!("RuntimeError: {error}");
    }
    println!("{}", inner().await?);
    Ok(())
}

fn main() -> Result<()> {
    run(outer())?;
    println!("{} a second asyncio.run, one after the other, is fine", run(inner())?);
    Ok(())
}

//! Calling an async function runs nothing of it: it gives a future. Notes: "Asyncio".
//!
//! A call whose future is thrown away does nothing here as well, but the compiler warns of it ("futures do nothing unless
//! you `.await` or poll them"), where Python warns when the coroutine object is destroyed.

use std::any::type_name_of_val;

use kolo::{Result, sleep};

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

fn main() {
    println!("<coroutine object {}>", type_name_of_val(&rocket()));
}

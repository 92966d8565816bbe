//! Tasks run side by side: together they take the time of the longest. Notes: "Task".

use kolo::{Result, create_task, run, running_loop, sleep};

async fn say_after(delay: u32, msg: &str) -> Result<()> {
    sleep(delay).await?;
    println!("{msg}");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let task1 = create_task(say_after(1, "hello"));

        let task2 = create_task(say_after(2, "world"));

        let started = running_loop().time();

        task1.await?;
        task2.await?;

        println!("Time: {:?}", running_loop().time() - started);
        Ok(())
    })
}

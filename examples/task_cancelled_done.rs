//! What a finished task says of itself. Notes: "Task".

mod utils;

use kolo::{Result, create_task, run, sleep};
use utils::Repr;

async fn say_after(delay: u32, msg: &str) -> Result<()> {
    sleep(delay).await?;
    println!("{msg}");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(say_after(1, "hello"));

        (&task).await?;

        println!("{}", task.cancelled().repr());

        println!("{}", task.done().repr());
        Ok(())
    })
}

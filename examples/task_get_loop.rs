//! A task knows its loop, even after the loop is closed. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{EventLoop, Result, Task, create_task, run, running_loop, sleep, try_running_loop};
use utils::Repr;

async fn pair() -> Result<(Task<()>, EventLoop)> {
    let task = create_task(sleep(1));
    let event_loop = running_loop();
    let current = try_running_loop()? == event_loop;
    println!("{} {}", (task.event_loop()? == event_loop).repr(), current.repr());
    (&task).await?;
    Ok((task, event_loop))
}

fn main() -> Result<()> {
    let (task, event_loop) = run(pair())?;
    let same = task.event_loop()? == event_loop;
    println!("{} {}", same.repr(), event_loop.is_closed().repr());
    if let Err(error) = try_running_loop() {
        println!("RuntimeError: {error}");
    }
    Ok(())
}

//! Callbacks run in the order in which they were added, in the next iteration. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{Result, Task, run, sleep};
use utils::Repr;

fn report(task: &Task<u32>) {
    println!("report: {} {}", task.name(), task.result().repr());
}

fn twice(_: &Task<u32>) {
    println!("twice");
}

async fn work() -> Result<u32> {
    sleep(1).await?;
    println!("work: returning");
    Ok(42)
}

fn main() -> Result<()> {
    run(async {
        let task = Task::builder().name("work").spawn(work());
        task.add_done_callback(report);
        // A callback is taken away by the token that adding it gave, not by the function.
        let tokens = [task.add_done_callback(twice), task.add_done_callback(twice)];
        task.add_done_callback(|task| println!("lambda {}", task.done().repr()));
        let remove = || tokens.into_iter().filter(|token| task.remove_done_callback(*token)).count();
        println!("removed: {}", remove());
        println!("removed: {}", remove());
        println!("main: {}", (&task).await?);
        task.add_done_callback(report); // done already: called soon
        println!("main: added to a task that is done");
        sleep(0).await?;
        println!("main: end");
        Ok(())
    })
}

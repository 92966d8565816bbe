//! Who runs, and who is there. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{Result, Task, all_tasks, current_task, gather, run, running_loop, sleep};
use utils::Repr;

async fn worker() -> Result<()> {
    println!("current: {}", current_task().map_or_else(String::new, |task| task.name()));
    sleep(1).await
}

/// The names of the tasks that are not done.
fn names() -> Vec<String> {
    let mut names: Vec<_> = all_tasks().iter().map(|task| task.name()).collect();
    names.sort();
    names
}

fn main() -> Result<()> {
    run(async {
        if let Some(task) = current_task() {
            task.set_name("main");
        }
        let tasks = [0, 1, 2].map(|i| Task::builder().name(format!("worker {i}")).spawn(worker()));
        println!("all: {}", names().repr());
        gather(tasks).await?;
        println!("all: {}", names().repr());
        println!("all of the loop: {}", running_loop().all_tasks().len());
        Ok(())
    })
}

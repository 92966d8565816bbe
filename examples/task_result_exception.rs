//! What a task tells in each of its states. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{Error, Result, Task, create_task, run, sleep, sleep_with, wait};
use utils::Repr;

async fn good() -> Result<u32> {
    sleep(1).await?;
    Ok(42)
}

async fn bad() -> Result<u32> {
    sleep(1).await?;
    Err(Error::value("bad"))
}

fn outcome(of: Result<impl Repr>) -> String {
    match of {
        Ok(value) => value.repr(),
        Err(error) => format!("raises {}", error.repr()),
    }
}

fn look(name: &str, task: &Task<u32>) {
    println!("{name}.done() {}", task.done().repr());
    println!("{name}.cancelled() {}", task.cancelled().repr());
    println!("{name}.result() {}", outcome(task.result()));
    println!("{name}.exception() {}", outcome(task.error()));
}

fn main() -> Result<()> {
    run(async {
        let good = create_task(good());
        let bad = create_task(bad());
        let cancelled = create_task(sleep_with(9, 0));

        look("good", &good);
        cancelled.cancel();
        wait([&good, &bad, &cancelled]).await?;
        look("good", &good);
        look("bad", &bad);
        look("cancelled", &cancelled);
        Ok(())
    })
}

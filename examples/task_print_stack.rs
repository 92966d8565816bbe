//! The stack of a suspended task is the place where it waits. Notes: in prose, on the methods of a task.

use kolo::{Error, Result, Task, run, sleep};

async fn inner() -> Result<()> {
    sleep(1).await
}

async fn outer() -> Result<()> {
    inner().await
}

async fn failing() -> Result<()> {
    Err(Error::value("bad"))
}

fn main() -> Result<()> {
    run(async {
        let task = Task::builder().name("outer").spawn(outer());
        let bad = Task::builder().name("failing").spawn(failing());
        sleep(0.5).await?;
        println!("--- suspended");
        println!("{}", task.stack());
        println!("--- failed");
        println!("{}", bad.stack());
        println!("--- print_stack writes to stderr");
        task.print_stack();
        println!("--- done");
        (&task).await?;
        println!("{}", task.stack());
        bad.error()?;
        Ok(())
    })
}

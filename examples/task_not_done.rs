//! A task just created is not done; `run` cancels it at the end. Notes: "Task".

use kolo::{Result, create_task, run, sleep};

async fn my_coroutine() -> Result<()> {
    sleep(3).await?;
    println!("Задача завершена");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(my_coroutine());
        if task.done() {
            println!("Задача уже завершена");
        } else {
            println!("Задача все еще выполняется");
        }
        Ok(())
    })
}

//! Every task has a name, its own or one that counts. Notes: "Task".

mod utils;

use kolo::{Result, create_task, run, sleep};
use utils::Repr;

async fn say_after(delay: u32, msg: &str) -> Result<()> {
    sleep(delay).await?;
    println!("{msg}");
    Ok(())
}

async fn my_coroutine() -> Result<()> {
    sleep(3).await?;
    println!("Задача завершена");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(say_after(1, "hello"));

        (&task).await?;

        task.set_name(123);
        println!("{}", task.name().repr());

        let task2 = create_task(my_coroutine());
        let task3 = create_task(my_coroutine());
        (&task2).await?;
        (&task3).await?;

        println!("{}", task2.name().repr());
        println!("{}", task3.name().repr());
        Ok(())
    })
}

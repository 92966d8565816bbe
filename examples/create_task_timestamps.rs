//! Both tasks start at once, as the timestamps show. Notes: "Как запустить асинхронную функцию(сопрограмму)? / asyncio.create_task".

mod utils;

use kolo::{Result, create_task, run, sleep};
use utils::{Repr, now};

async fn delay_print(delay: u32, task_name: &str) -> Result<&str> {
    println!(">>> start {task_name}. {}", now());
    sleep(delay).await?;
    println!("<<< end   {task_name}. {}", now());
    Ok(task_name)
}

async fn delays() -> Result<()> {
    let delay_2 = create_task(delay_print(2, "delay2"));
    let delay_4 = create_task(delay_print(4, "delay4"));

    println!("{}", delay_2.await?);
    println!("{}", delay_4.await?);
    Ok(())
}

fn main() -> Result<()> {
    println!("{}", run(delays())?.repr());
    Ok(())
}

//! `ensure_future` wraps a coroutine in a task, which starts at once. Notes: "Task".

use kolo::{Result, ensure_future, run, sleep};

async fn slow_operation() -> Result<&'static str> {
    sleep(2).await?;
    Ok("Завершено!")
}

fn main() -> Result<()> {
    run(async {
        let future = ensure_future(slow_operation());
        sleep(1).await?;
        let future_result = future.await?;
        println!("{future_result}");
        Ok(())
    })
}

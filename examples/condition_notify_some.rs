//! Waking some of those who wait, and not all. Notes: in prose, "Условия".

use kolo::{Condition, Result, create_task, gather, run, running_loop, sleep};

async fn waiter(number: u32, condition: Condition) -> Result<()> {
    let _held = condition.hold().await?;
    condition.wait().await?;
    println!("waiter {number} woken at {:?}", running_loop().time());
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let condition = Condition::new();
        let tasks = [0, 1, 2, 3, 4].map(|i| create_task(waiter(i, condition.clone())));
        sleep(1).await?;
        {
            let _held = condition.hold().await?;
            condition.notify(2)?;
            println!("notify(2)");
        }
        sleep(1).await?;
        {
            let _held = condition.hold().await?;
            condition.notify(1)?;
            println!("notify()");
        }
        sleep(1).await?;
        {
            let _held = condition.hold().await?;
            condition.notify_all()?;
            println!("notify_all()");
        }
        gather(tasks).await?;
        if let Err(error) = condition.notify(1) {
            println!("RuntimeError: {error}");
        }
        Ok(())
    })
}

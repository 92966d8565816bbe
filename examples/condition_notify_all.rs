//! Waiting on a condition gives its lock back, and takes it again when notified. Notes: "Условия".

use kolo::{Condition, Result, create_task, gather, run, sleep};

async fn do_work(condition: Condition) -> Result<()> {
    loop {
        println!("Ожидаю блокировки условия...");
        {
            // Wait until the condition's lock can be taken; once it is, give it back.
            let _held = condition.hold().await?;
            println!("Блокировка захвачена, освобождаю. и жду выполнения условий");
            // Wait for the event. When it comes, take the lock again.
            condition.wait().await?;
            println!("Условие выполнено, вновь захватываю блокировку и начинаю работать...");
            sleep(1).await?;
        }
        println!("Работа закончена. Блокировка освобождена.");
    }
}

async fn fire_event(condition: Condition) -> Result<()> {
    loop {
        sleep(5).await?;
        println!("Перед уведомлением захватываю блокировку условия...");
        let _held = condition.hold().await?;
        println!("Блокировка захвачена, уведомляю всех исполнителей");
        // Tell all tasks of the event.
        condition.notify_all()?;
    }
}

fn main() -> Result<()> {
    run(async {
        let condition = Condition::new();

        create_task(fire_event(condition.clone()));
        gather!(do_work(condition.clone()), do_work(condition)).await?;
        Ok(())
    })
}

//! One round of waiting on a condition and being notified. Notes: "`asyncio.Condition`".

use kolo::{Condition, Result, create_task, gather, run, sleep};

async fn do_work(condition: Condition) -> Result<()> {
    println!("do_work: захватываю блокировку условия...");
    let _held = condition.hold().await?;
    println!("do_work: Блокировка захвачена, освобождаю и жду выполнения условия...");
    condition.wait().await?;
    println!("do_work: Условие выполнено, вновь захватываю блокировку и начинаю работать...");
    sleep(1).await?;
    println!("do_work: Работа закончена, блокировка освобождена.");
    Ok(())
}

async fn fire_event(condition: Condition) -> Result<()> {
    sleep(5).await?;
    println!("fire_event: захватываю блокировку условия...");
    let _held = condition.hold().await?;
    println!("fire_event: Блокировка захвачена, уведомляю всех исполнителей");
    condition.notify_all()?;
    println!("fire_event: Исполнители уведомлены, освобождаю блокировку.");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let condition = Condition::new();
        create_task(fire_event(condition.clone()));

        gather!(do_work(condition.clone()), do_work(condition)).await?;
        Ok(())
    })
}

//! Cancelling a shield leaves the task behind it alone. Notes: "Функция `shield`".

use kolo::{Promise, Result, create_task, run, shield, sleep};

async fn start_task() -> Result<()> {
    println!("Старт задачи...");
    sleep(2).await?;
    println!("А что со мной хотели сделать?");
    Ok(())
}

async fn cancel(some_task: Promise<()>) -> Result<()> {
    sleep(0.5).await?;
    some_task.cancel();
    println!("Отмена!");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let real_task = create_task(start_task());
        let shield = shield(&real_task);
        create_task(cancel(shield));
        real_task.await
    })
}

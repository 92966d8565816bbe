//! A shield put up after `cancel` is too late. Notes: "Функция `wait_for`".

use kolo::{Result, create_task, run, shield, sleep, wait_for};

async fn send_important_message() -> Result<()> {
    println!("Начало отправки важного сообщения");
    sleep(7).await
}

fn main() -> Result<()> {
    run(async {
        let task = create_task(send_important_message());
        sleep(5).await?;
        task.cancel();
        // The shield guards the waiting, not the task: that is cancelled already.
        match shield(wait_for(task, 5)).await {
            Ok(()) => println!("Отправлено!"),
            Err(error) if error.is_timeout() => {
                println!("Время на отправку важного сообщения истекло");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    })
}

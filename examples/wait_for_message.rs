//! A timeout that is shorter than the work. Notes: "Функция `wait_for`".

use kolo::{Result, run, sleep, wait_for};

async fn send_message(user_id: u32, message: &str) -> Result<()> {
    println!("Отправка сообщения '{message}' пользователю {user_id}");
    sleep(5).await?;
    println!("Сообщение '{message}' доставлено пользователю {user_id}");
    Ok(())
}

async fn receive_message(user_id: u32) -> Result<()> {
    match wait_for(send_message(user_id, "Привет!"), 3).await {
        Ok(()) => println!("Получен ответ: Привет!"),
        Err(error) if error.is_timeout() => {
            println!("Время ожидания ответа от пользователя {user_id} истекло");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let user_id = 123;
        receive_message(user_id).await
    })
}

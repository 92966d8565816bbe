//! The first error leaves `gather` at once; `run` then cancels the others. Notes: "Функция `gather`".

use std::io;

use kolo::{Result, gather, run, sleep};

const ID_LIST: [u32; 4] = [1, 2, 3, 4];

async fn connect_to_user(usr_id: u32) -> Result<()> {
    println!("Подключаюсь к {usr_id}");
    if usr_id == 4 {
        return Err(io::Error::other(format!("Не могу подключиться к {usr_id}")).into());
    }
    sleep(1).await?;
    println!("Отправляю команду test пользователю {usr_id}");
    sleep(1).await
}

async fn send_msg(id_list: [u32; 4]) -> Result<Vec<()>> {
    let coroutines = id_list.map(connect_to_user);
    gather(coroutines).await
}

fn main() -> Result<()> {
    run(send_msg(ID_LIST))?;
    Ok(())
}

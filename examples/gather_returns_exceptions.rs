//! With `return_exceptions` an error is one of the results. Notes: "Функция `gather`".

mod utils;

use std::io;

use kolo::{Result, gather, run, sleep};
use utils::Repr;

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

async fn send_msg(id_list: [u32; 4]) -> Result<Vec<Result<()>>> {
    let coroutines = id_list.map(connect_to_user);
    gather(coroutines).return_exceptions().await
}

fn main() -> Result<()> {
    println!("{}", run(send_msg(ID_LIST))?.repr());
    Ok(())
}

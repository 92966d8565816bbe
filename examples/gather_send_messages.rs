//! `gather` runs all of them at once, in the order given. Notes: "Функция `gather`".

use kolo::{Result, gather, run, sleep};

const ID_LIST: [u32; 4] = [1, 2, 3, 4];

async fn connect_to_user(usr_id: u32) -> Result<()> {
    println!("Подключаюсь к {usr_id}");
    sleep(2).await?;
    println!("Отправляю команду test пользователю {usr_id}");
    sleep(2).await
}

async fn send_msg(id_list: [u32; 4]) -> Result<Vec<()>> {
    let coroutines = id_list.map(connect_to_user);
    gather(coroutines).await
}

fn main() -> Result<()> {
    run(async {
        send_msg(ID_LIST).await?;
        Ok(())
    })
}

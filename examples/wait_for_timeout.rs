//! `wait_for` cancels what takes too long. Notes: "Функция `wait_for`".

use kolo::{Result, run, sleep, wait_for};

async fn fast_func() -> Result<()> {
    sleep(360).await?;
    println!("Да не долго я работаю");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        match wait_for(fast_func(), 5.0).await {
            Err(error) if error.is_timeout() => println!("Какая-то не очень быстрая ..."),
            outcome => outcome?,
        }
        Ok(())
    })
}

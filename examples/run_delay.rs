//! `run` gives back what the coroutine returns. Notes: "Определение асинхронной функции".

use kolo::{Result, run, sleep};

async fn delay(secs: u32) -> Result<u32> {
    println!("Засыпаю на {secs} c.");
    sleep(secs).await?;
    println!("Сон в течение {secs} c. закончился");
    Ok(secs)
}

fn main() -> Result<()> {
    println!("{}", run(delay(2))?); // 2
    Ok(())
}

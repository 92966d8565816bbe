//! Of a thousand requests ten are under way at a time. Notes: "Ограничение уровня конкурентности на уровне семафоров".

use kolo::{Result, Semaphore, gather, run};

mod utils;
use utils::{ClientSession, with_example_com};

async fn get_url(url: &str, session: ClientSession, semaphore: Semaphore) -> Result<u16> {
    println!("Жду возможности захватить семафор");
    let held = semaphore.hold().await?;
    println!("Семафор захвачен. Отправляю запрос.");
    let response = session.get(url).await?;
    println!("Запрос завершён");
    drop(held);
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let semaphore = Semaphore::new(10)?;
        let tasks = (0..1000).map(|_| get_url("https://www.example.com", session.clone(), semaphore.clone()));
        gather(tasks).await?;
        Ok(())
    }))
}

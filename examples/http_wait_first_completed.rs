//! `wait` for the first of those that are left, until none is. Notes: "Обработка всех результатов по мере поступления".

use kolo::{Result, ReturnWhen, create_task, run, sleep, wait};

mod utils;
use utils::{ClientSession, with_example_com};

async fn fetch_status(session: ClientSession, url: &str, delay: u32) -> Result<u16> {
    sleep(delay).await?;
    let response = session.get(url).await?;
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let url = "https://www.example.com";
        let mut pending: Vec<_> = (0..3).map(|_| create_task(fetch_status(session.clone(), url, 0))).collect();

        while !pending.is_empty() {
            let done;
            (done, pending) = wait(pending).return_when(ReturnWhen::FirstCompleted).await?;

            println!("Число завершившихся задач: {}", done.len());
            println!("Число ожидающих задач: {}", pending.len());

            for done_task in done {
                println!("{}", done_task.await?);
            }
        }
        Ok(())
    }))
}

//! `wait` for all answers: none is pending. Notes: "Точный контроль с помощью wait".

use kolo::{Result, create_task, run, sleep, wait};

mod utils;
use utils::{ClientSession, with_example_com};

async fn fetch_status(session: ClientSession, url: &str, delay: u32) -> Result<u16> {
    sleep(delay).await?;
    let response = session.get(url).await?;
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let fetchers = [
            create_task(fetch_status(session.clone(), "https://example.com", 0)),
            create_task(fetch_status(session, "https://example.com", 0)),
        ];
        let (done, pending) = wait(&fetchers).await?;

        println!("Число завершившихся задач: {}", done.len());
        println!("Число ожидающих задач: {}", pending.len());

        for done_task in done {
            println!("{}", done_task.await?);
        }
        Ok(())
    }))
}

//! Answers of HTTP are handed out as they come. Notes: "Обработка результатов по мере поступления".

use kolo::{Result, as_completed, run, sleep};

mod utils;
use utils::{ClientSession, with_example_com};

async fn fetch_status(session: ClientSession, url: &str, delay: u32) -> Result<u16> {
    sleep(delay).await?;
    let response = session.get(url).await?;
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let fetchers = [1, 1, 10].map(|delay| fetch_status(session.clone(), "https://www.example.com", delay));
        let mut finished = as_completed(fetchers);
        while let Some(status) = finished.next().await {
            println!("{}", status?);
        }
        Ok(())
    }))
}

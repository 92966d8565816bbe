//! One request of HTTP. Notes: "AIOHTTP / Запрос".

use kolo::{Result, run};

mod utils;
use utils::{ClientSession, with_example_com};

async fn fetch_status(session: &ClientSession, url: &str) -> Result<u16> {
    let response = session.get(url).await?;
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        let url = "https://www.example.com";
        let status = fetch_status(&session, url).await?;
        println!("Состояние для {url} было равно {status}");
        Ok(())
    }))
}

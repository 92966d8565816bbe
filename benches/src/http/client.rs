//! A thousand requests, ten at a time: kolo's session. `asyncio/fetch.py` does the same with aiohttp's.

use kolo::http::ClientSession;
use kolo::{Result, Semaphore, gather, run};

const REQUESTS: u32 = 1_000;
const AT_A_TIME: u32 = 10;

async fn get(session: ClientSession, semaphore: Semaphore, url: String) -> Result<usize> {
    let _held = semaphore.hold().await?;
    let mut response = session.get(&url).await?;
    Ok(response.text().await?.len())
}

/// Asks the server at this port.
pub fn ask(port: u16) -> Result<()> {
    run(async move {
        let (session, semaphore) = (ClientSession::new(), Semaphore::new(AT_A_TIME)?);
        let url = format!("http://127.0.0.1:{port}/");
        let all = gather((0..REQUESTS).map(|_| get(session.clone(), semaphore.clone(), url.clone()))).await?;
        assert!(all.iter().all(|length| *length == super::HELLO.len()));
        Ok(())
    })
}

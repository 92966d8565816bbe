//! A hundred tasks, of which ten get past the semaphore at a time. Notes: "`asyncio.Semaphore`".

use kolo::{Result, Semaphore, create_task, gather, run};

mod utils;
use utils::{ClientSession, with_example_com};

async fn get_url(url: &str, session: ClientSession, semaphore: Semaphore) -> Result<u16> {
    println!("Waiting to acquire semaphore...");
    let _held = semaphore.hold().await?;
    println!("Semaphore acquired, requesting...");
    let response = session.get(url).await?;
    println!("Finishing requesting");
    Ok(response.status)
}

fn main() -> Result<()> {
    run(with_example_com(async |session| {
        // A hundred tasks are started, but only ten of them are at work at a time.
        let semaphore = Semaphore::new(10)?;
        let url = "https://www.example.com";
        let tasks: Vec<_> = (0..100)
            .map(|_| create_task(get_url(url, session.clone(), semaphore.clone())))
            .collect();
        gather(tasks).await?;
        Ok(())
    }))
}

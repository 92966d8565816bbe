//! All who waited wake up in order, even if the flag is cleared before they run. Notes: in prose, on `asyncio.Event`.

mod utils;

use kolo::{Event, Result, create_task, gather, run, sleep};
use utils::Repr;

async fn waiter(name: &str, event: Event) -> Result<()> {
    let woken = event.wait().await;
    println!("{name} {}", woken.is_ok().repr());
    woken
}

fn main() -> Result<()> {
    run(async {
        let event = Event::new();
        println!("{}", event.is_set().repr());
        let tasks = ["a", "b", "c"].map(|name| create_task(waiter(name, event.clone())));
        sleep(1).await?;
        event.set();
        event.clear(); // too late to stop those who waited
        println!("set and cleared in one go: {}", event.is_set().repr());
        gather(tasks).await?;
        event.set();
        println!("{}", event.is_set().repr());
        Ok(())
    })
}

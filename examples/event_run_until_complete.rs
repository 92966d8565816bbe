//! A loop by hand instead of `run`; it prints nothing. Notes: "Event".

use kolo::{Event, EventLoop, Result, create_task, sleep};

async fn wait_and_set(event: Event) -> Result<()> {
    sleep(1).await?;
    event.set();
    Ok(())
}

async fn run() -> Result<()> {
    let event = Event::new();
    create_task(wait_and_set(event.clone()));
    event.wait().await
}

fn main() -> Result<()> {
    let event_loop = EventLoop::new()?;
    event_loop.run_until_complete(run())
}

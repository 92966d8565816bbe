//! A loop made, run and closed by hand. Notes: in prose, on event loops.

mod utils;

use kolo::{EventLoop, Result, running_loop, sleep, try_running_loop};
use utils::Repr;

async fn work(name: &str, event_loop: EventLoop) -> Result<String> {
    sleep(1).await?;
    Ok(format!("{name}: {}", (running_loop() == event_loop).repr()))
}

fn main() -> Result<()> {
    let event_loop = EventLoop::new()?;
    // Nothing like set_event_loop: the current loop is the one that runs.
    println!("current: {}", try_running_loop().is_ok().repr());
    println!("{}", event_loop.run_until_complete(work("first", event_loop.clone()))?);
    let second = event_loop.create_task(work("second", event_loop.clone()));
    println!("{}", event_loop.run_until_complete(second)?);
    let closed = event_loop.is_closed().repr();
    println!("running: {} closed: {closed}", event_loop.is_running().repr());
    let stop = event_loop.clone();
    event_loop.call_later(2, move || stop.stop());
    event_loop.run_forever()?;
    println!("stopped at {:?}", event_loop.time());
    event_loop.close()?;
    println!("closed: {}", event_loop.is_closed().repr());
    if let Err(error) = event_loop.run_until_complete(work("third", event_loop.clone())) {
        println!("RuntimeError: {error}");
    }
    Ok(())
}

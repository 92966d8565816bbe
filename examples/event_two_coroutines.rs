//! One coroutine waits for an event, the other sets it. Notes: "`asyncio.Event`".

use kolo::{Event, Result, create_task, gather, run, sleep};

async fn coro1(event: Event) -> Result<()> {
    println!("coro1: Waiting for the event to be set");
    event.wait().await?; // wait until the event is set
    println!("coro1: Event has been set");
    Ok(())
}

async fn coro2(event: Event) -> Result<()> {
    sleep(10).await?; // wait for 10 seconds
    println!("coro2: Setting the event");
    event.set(); // set the event
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        // make the event
        let event = Event::new();

        // start two tasks
        let task1 = create_task(coro1(event.clone()));
        let task2 = create_task(coro2(event));

        // wait until both have ended
        gather!(task1, task2).await?;
        Ok(())
    })
}

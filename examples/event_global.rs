//! An event made before any loop. Notes: "asyncio.Event() — это флажок или сигнал".

use kolo::{Event, Result, create_task, gather, run};

thread_local! {
    static EVENT: Event = Event::new();
}

async fn wait_for_event() -> Result<()> {
    println!("Ждём события");
    let event = EVENT.with(Event::clone);
    event.wait().await?;
    println!("Событие получено");
    Ok(())
}

async fn set_event() -> Result<()> {
    println!("Установка события");
    EVENT.with(Event::set);
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let task1 = create_task(wait_for_event());
        let task2 = create_task(set_event());
        gather([task1, task2]).await?;
        Ok(())
    })
}

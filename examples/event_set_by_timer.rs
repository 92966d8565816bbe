//! An event set by a timer wakes all who wait for it. Notes: "Уведомление задач с помощью событий".

use kolo::{Event, Result, gather, run, running_loop, sleep};

fn trigger_event(event: &Event) {
    println!("Активируется событие!");
    event.set();
}

async fn do_work_on_event(event: Event) -> Result<()> {
    println!("Ожидаю события");
    // Wait for the event.
    event.wait().await?;
    println!("Работаю");
    // Once it has happened nothing holds us back any more, and the work can begin.
    sleep(1).await?;
    println!("Работа закончена");
    // Clear it, so that whoever waits from now on does have to wait.
    event.clear();
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let event = Event::new();
        let triggered = event.clone();
        running_loop().call_later(3.0, move || trigger_event(&triggered));
        gather!(do_work_on_event(event.clone()), do_work_on_event(event)).await?;
        Ok(())
    })
}

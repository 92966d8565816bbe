//! An event set by a timer after five seconds. Notes: "Уведомление задач с помощью событий".

use kolo::{Event, Result, gather, run, running_loop, sleep};

fn trigger_event(event: &Event) {
    println!("Активируется событие!");
    event.set();
}

async fn do_work_on_event(event: Event) -> Result<()> {
    println!("Ожидаю события...");
    event.wait().await?;
    println!("Работаю!");
    sleep(1).await?;
    println!("Работа закончена!");
    event.clear();
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let event = Event::new();
        let triggered = event.clone();
        running_loop().call_later(5.0, move || trigger_event(&triggered));
        gather!(do_work_on_event(event.clone()), do_work_on_event(event)).await?;
        Ok(())
    })
}

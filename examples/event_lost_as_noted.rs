//! The one who is to set the event is never started: the others wait for ever. Notes: "Уведомление задач с помощью событий".

use kolo::{Event, Result, gather, run, sleep, wait_for};

async fn trigger_event_periodically(event: Event) -> Result<()> {
    loop {
        println!("Активируется событие");
        event.set();
        sleep(1).await?;
    }
}

async fn do_work_on_event(event: Event) -> Result<()> {
    loop {
        println!("Ожидаю события");
        event.wait().await?;
        event.clear();
        println!("Работаю");
        sleep(5).await?;
        println!("Работа закончена!");
    }
}

fn main() -> Result<()> {
    run(async {
        let event = Event::new();

        // Nobody awaits it, so it does nothing. Without the underscore the compiler warns of it.
        let _trigger = wait_for(trigger_event_periodically(event.clone()), 5.0);

        match gather!(do_work_on_event(event.clone()), do_work_on_event(event)).await {
            Err(error) if error.is_timeout() => {}
            outcome => drop(outcome?),
        }
        Ok(())
    })
}

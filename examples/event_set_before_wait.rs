//! Waiting for an event that is set does not wait. Notes: "Event".

mod utils;

use kolo::{Event, Result, create_task, run, sleep, wait_for};
use utils::Repr;

fn main() -> Result<()> {
    run(async {
        let event = Event::new();
        let other = create_task(sleep(0));
        event.set();
        let result = event.wait().await.is_ok().repr();
        println!("wait() returned {result} and did not give way: {}", (!other.done()).repr());
        event.clear();
        match wait_for(event.wait(), 1).await {
            Err(error) if error.is_timeout() => println!("after clear() it blocks"),
            outcome => outcome?,
        }
        Ok(())
    })
}

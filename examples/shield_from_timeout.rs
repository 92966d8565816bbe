//! A shield keeps the task alive past the timeout. Notes: "Защита задачи от снятия по timeout".

mod utils;

use kolo::{Result, create_task, run, shield, wait_for};
use utils::{Repr, delay};

fn main() -> Result<()> {
    run(async {
        let wait_3_secs = create_task(delay(3));

        match wait_for(shield(&wait_3_secs), 1).await {
            Err(error) if error.is_timeout() => {}
            outcome => drop(outcome?),
        }

        println!("{}", wait_3_secs.cancelled().repr()); // False
        wait_3_secs.await?;
        Ok(())
    })
}

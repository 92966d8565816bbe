//! `wait_for` cancels the task that is late. Notes: "Timeout на выполнение задач".

mod utils;

use kolo::{Result, create_task, run, wait_for};
use utils::{Repr, delay};

fn main() -> Result<()> {
    run(async {
        let wait_3_secs = create_task(delay(3));

        match wait_for(&wait_3_secs, 1).await {
            Err(error) if error.is_timeout() => {}
            outcome => drop(outcome?),
        }

        println!("{}", wait_3_secs.cancelled().repr()); // True
        Ok(())
    })
}

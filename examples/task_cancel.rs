//! `cancel` only asks: the task ends when it next has its turn. Notes: "Снятие задачи".

mod utils;

use kolo::{Result, create_task, run, sleep};
use utils::{Repr, delay};

fn main() -> Result<()> {
    run(async {
        let wait_3_secs = create_task(delay(3));
        sleep(1).await?;
        wait_3_secs.cancel();

        println!("{}", wait_3_secs.cancelled().repr()); // False
        // For the task to stop, control has to come back to it.
        sleep(1).await?;
        println!("{}", wait_3_secs.cancelled().repr()); // True

        wait_3_secs.await?; // Cancelled
        Ok(())
    })
}

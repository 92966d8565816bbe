//! A task that sleeps is not done. Notes: "Cтатус задачи".

mod utils;

use kolo::{Result, create_task, run, sleep};
use utils::{Repr, delay};

fn main() -> Result<()> {
    run(async {
        let wait_3_secs = create_task(delay(3));
        sleep(1).await?;
        println!("{}", wait_3_secs.done().repr()); // True or False
        Ok(())
    })
}

//! A task is created and awaited. Notes: "Создание задачи".

mod utils;

use kolo::{Result, create_task, run};
use utils::delay;

fn main() -> Result<()> {
    run(async {
        let wait_3_secs = create_task(delay(3));
        wait_3_secs.await?;
        Ok(())
    })
}

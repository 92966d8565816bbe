//! `?` on what was not awaited.

use kolo::{create_task, run, sleep_with};

fn main() -> kolo::Result<()> {
    run(async {
        let task = create_task(async { Ok(1) });
        let one = task?;
        let two = sleep_with(1, 2)?;
        println!("{}", one + two);
        Ok(())
    })
}

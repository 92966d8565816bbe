//! `timeout("1s", ...)`: so is a limit.

use kolo::{run, sleep, timeout, wait_for};

fn main() -> kolo::Result<()> {
    run(async {
        timeout("1s", sleep(2)).await?;
        wait_for(sleep(2), Some(1)).await
    })
}

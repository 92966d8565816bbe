//! `wait` of coroutines: asyncio refuses them too.

use kolo::{run, sleep, wait};

fn main() -> kolo::Result<()> {
    run(async {
        wait([sleep(1), sleep(2)]).await?;
        Ok(())
    })
}

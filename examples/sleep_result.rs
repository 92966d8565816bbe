//! `sleep_with` gives its second argument back. Notes: in prose, on `asyncio.sleep`.

mod utils;

use kolo::{Result, gather, run, running_loop, sleep, sleep_with};
use utils::Repr;

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        println!("{} {:?}", sleep_with(1, "result").await?, event_loop.time());
        println!("{} {:?}", sleep_with(0.5, 2).await?, event_loop.time());
        let (nothing, negative) = (sleep(0).await?, sleep_with(-1, "negative").await?);
        println!("{} {negative} {:?}", nothing.repr(), event_loop.time());
        let delays = gather([3, 1, 2].map(|delay| sleep_with(delay, delay))).await?;
        println!("{delays:?} {:?}", event_loop.time());
        Ok(())
    })
}

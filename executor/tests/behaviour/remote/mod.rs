//! Other threads: references to values that stay in the loop's, completers, and futures of others that threads wake.

mod completers;
mod foreign;
mod refs;

use std::time::{Duration, Instant};

use kolo_executor::{Result, running_loop, sleep};

/// Long enough to be told from no time at all.
const LIMIT: f64 = 0.05;

/// Time enough for the loop to have nothing to do.
const LATER: Duration = Duration::from_millis(20);

/// Sleeps while something lives through which others may still come: it takes as long as it says, on the virtual clock too.
async fn sleep_in_real_time() -> Result<()> {
    let (start, begin) = (Instant::now(), running_loop().time());
    sleep(LIMIT).await?;
    assert!(start.elapsed() >= Duration::from_secs_f64(LIMIT), "it waits in real time");
    assert_eq!(running_loop().time(), begin + LIMIT);
    Ok(())
}

//! What several examples share: the notes' own `utils`, and a way to print values as Python prints them.

#![allow(dead_code, unused_imports, reason = "each example uses a part of it")]

mod ctrl_c;
mod datetime;
mod http;
mod random;
mod repr;

pub(crate) use ctrl_c::press_ctrl_c_at;
pub(crate) use datetime::now;
pub(crate) use http::{ClientSession, with_example_com};
pub(crate) use random::UNIFORM;
pub(crate) use repr::{Repr, bytes_repr};

use kolo::{Result, sleep};

/// The notes' `delay`: sleeps and gives back for how long.
pub(crate) async fn delay(secs: u32) -> Result<u32> {
    println!("Засыпаю на {secs} c.");
    sleep(secs).await?;
    println!("Сон в течение {secs} c. закончился");
    Ok(secs)
}

//! An await outside an async function does not start. Notes: "Как запустить асинхронную функцию(сопрограмму)? / await".
//!
//! Rust refuses it as Python does, before anything runs. `fn main() { delay(2).await; }` gives
//!
//! ```text
//! error[E0728]: `await` is only allowed inside `async` functions and blocks
//! ```
//!
//! What can still go wrong at run time is a task without a loop to run it, and the panic says what is missing.

mod utils;

use kolo::create_task;
use utils::delay;

fn main() {
    create_task(delay(2));
}

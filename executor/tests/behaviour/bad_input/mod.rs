//! What is wrong to ask for, and the exact answer to each.

mod loops;
mod outcomes;
mod panics;
mod times;

use kolo_executor::Kind;

fn runtime(message: &str) -> (Kind, String) {
    (Kind::Runtime, message.to_owned())
}

fn value(message: &str) -> (Kind, String) {
    (Kind::Value, message.to_owned())
}

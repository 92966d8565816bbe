//! Names of the notes that do not exist, and what stands in their place. Notes: in prose, in all parts.
//!
//! Python finds out when the line runs; here none of the wrong names would compile.

use kolo::{Kind, Promise, ReturnWhen, Task};

fn main() {
    println!("asyncio.ReturnWhen: here it does exist");
    for when in [
        ReturnWhen::FirstCompleted,
        ReturnWhen::FirstException,
        ReturnWhen::AllCompleted,
    ] {
        println!("ReturnWhen::{when:?}");
    }
    println!("asyncio.run_until_complete: EventLoop::run_until_complete, or run");

    println!("parameter loop: nowhere; everything belongs to the loop that runs");

    println!("asyncio.exceptions.CancelError: Kind::{:?}", Kind::Cancelled);
    println!("asyncio.exceptions.TimeoutError: Kind::{:?}", Kind::Timeout);

    // What `issubclass` asks for, the compiler has answered when this coercion compiles.
    let _is_a: fn(&Task<u32>) -> &Promise<u32> = |task| task;
    println!("Task is a Promise: it derefs to one");
    println!("CancelledError is an Exception: an Error like any other, told by its kind");
}

//! CPython's test_queues: a module for each class of the suite, a test for each case, under the case's name.

mod lifo_queue_tests;
mod queue_basic_tests;
mod queue_get_tests;
mod queue_join_test_mixin;
mod queue_put_tests;
mod queue_shutdown_test_mixin;

use kolo_executor::Result;
use kolo_executor::testing::Trace;
use kolo_sync::Queue;

/// Gets an item, and tells which.
async fn get(queue: Queue<u32>, trace: Trace, name: &'static str) -> Result<u32> {
    let outcome = queue.get().await;
    trace.log_iteration(format_args!("{name}: {:?}", outcome.as_ref().map_err(|error| error.kind())));
    outcome
}

/// Puts an item, and tells of it.
async fn put(queue: Queue<u32>, trace: Trace, item: u32) -> Result<()> {
    let outcome = queue.put(item).await;
    trace.log_iteration(format_args!(
        "put {item}: {:?}",
        outcome.as_ref().map_err(|error| error.kind())
    ));
    outcome
}

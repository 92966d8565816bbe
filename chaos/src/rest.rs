//! A loop at rest: nothing is ready, and nothing will be by itself. Then nobody may wait in a queue for what is there.

use kolo::EventLoop;
use kolo::primitive::QueueView;

/// The number behind `word` in what a primitive shows of itself, such as `_queue=2`; 0 without one.
fn number_after(text: &str, word: &str) -> usize {
    let digits = text.split_once(word).map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

/// Whether what the queue is for is there, as far as that can be told from outside.
fn is_there(queue: &QueueView) -> bool {
    let primitive = format!("{queue:?}");
    let (items, maxsize) = (number_after(&primitive, "_queue="), number_after(&primitive, "maxsize="));
    let shut_down = primitive.ends_with("shutdown>");
    match queue.kind() {
        // A semaphore calls itself locked as long as somebody waits.
        "Lock.acquire" | "Condition.acquire" => primitive.contains("[unlocked"),
        "Event.wait" => primitive.contains("[set"),
        "Queue.get" => items > 0 || shut_down,
        "Queue.put" => maxsize == 0 || items < maxsize || shut_down,
        "Queue.join" => !primitive.contains("tasks="),
        _ => false,
    }
}

/// What is wrong with a loop at rest: those who wait for what is there, and those who wait although no task is left.
pub fn faults(event_loop: &EventLoop) -> Vec<String> {
    let mut faults = Vec::new();
    let no_task_left = event_loop.all_tasks().is_empty();
    for queue in event_loop.queues() {
        let waiting = queue.waiting().len();
        if waiting > 0 && is_there(&queue) {
            faults.push(format!("{waiting} in {} wait for what is there: {queue:?}", queue.kind()));
        }
        let entries = number_after(&format!("{queue:?}"), "waiters:");
        if no_task_left && waiting + entries > 0 && !format!("{queue:?}").starts_with("<Barrier") {
            faults.push(format!("no task is left, and yet one waits in {}: {queue:?}", queue.kind()));
        }
    }
    faults
}

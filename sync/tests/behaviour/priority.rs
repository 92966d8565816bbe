//! The order of a priority queue, equal priorities included: that of CPython's `heapq`, whose results these are.

use std::cmp::Ordering;

use kolo_executor::Result;
use kolo_sync::PriorityQueue;

/// An item that is compared by its priority alone.
#[derive(Debug)]
struct Item {
    priority: u32,
    number: usize,
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        self.priority == other.priority
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<Ordering> {
        self.priority.partial_cmp(&other.priority)
    }
}

/// Puts an item of each priority, numbered, and takes one at each `None`; gives the numbers in the order in which they come out.
fn run(operations: impl IntoIterator<Item = Option<u32>>) -> Result<Vec<usize>> {
    let queue = PriorityQueue::new(0);
    let (mut put, mut taken) = (0, Vec::new());
    for operation in operations {
        match operation {
            Some(priority) => {
                queue.put_nowait(Item { priority, number: put })?;
                put += 1;
            }
            None => taken.push(queue.get_nowait()?.number),
        }
    }
    while !queue.empty() {
        taken.push(queue.get_nowait()?.number);
    }
    Ok(taken)
}

#[test]
fn items_of_one_priority() {
    let order = run([Some(0); 12]).expect("no error");
    assert_eq!(order, [0, 2, 6, 11, 10, 9, 8, 5, 7, 4, 1, 3]);
}

#[test]
fn few_priorities_put_and_taken_in_turns() {
    // Priorities; a dot takes an item.
    let operations = "110000.0.00201..0....0.022..1110202110.1.0021.11...0.2212.1";
    let order = run(operations.chars().map(|operation| operation.to_digit(10))).expect("no error");
    let expected = [
        2, 5, 6, 7, 8, 3, 4, 12, 10, 13, 14, 20, 22, 26, 28, 29, 24, 34, 18, 32, 31, 17, 39, 25, 33, 37, 11, 0, 27, 19, 1, 30,
        38, 36, 15, 23, 9, 35, 21, 16,
    ];
    assert_eq!(order, expected);
}

#[test]
fn every_order_comes_out_sorted() {
    // A sequence without a pattern that anybody would think of: multiples of a prime, modulo another.
    let numbers = (1..=500).map(|number| number * 7919 % 503);
    let queue = PriorityQueue::new(0);
    for number in numbers {
        queue.put_nowait((f64::from(number) / 2.0, "an item")).expect("room");
    }
    let mut sorted = Vec::new();
    while let Ok((number, _)) = queue.get_nowait() {
        sorted.push(number);
    }
    assert_eq!(sorted.len(), 500);
    assert!(sorted.is_sorted());
}

//! A queue that gives the smallest item out first. Notes: "Очередь с приоритетом".

mod utils;

use std::cmp::Ordering;

use kolo::{PriorityQueue, Result, run};
use utils::Repr;

struct WorkItem(u32, u32, &'static str);

/// By priority, then by order; the text is not compared.
impl PartialOrd for WorkItem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.0, self.1).partial_cmp(&(other.0, other.1))
    }
}

impl PartialEq for WorkItem {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

fn main() -> Result<()> {
    run(async {
        let priority_queue = PriorityQueue::new(0);
        let work_items = [
            WorkItem(3, 1, "Lowest priority"),
            WorkItem(3, 2, "Lowest priority second"),
            WorkItem(3, 3, "Lowest priority third"),
            WorkItem(2, 4, "Medium priority"),
            WorkItem(1, 5, "High priority"),
        ];
        for work_item in work_items {
            priority_queue.put_nowait(work_item)?;
        }
        while !priority_queue.empty() {
            let WorkItem(priority, order, data) = priority_queue.get().await?;
            println!("WorkItem(priority={priority}, order={order}, data={})", data.repr());
            priority_queue.task_done()?;
        }
        Ok(())
    })
}

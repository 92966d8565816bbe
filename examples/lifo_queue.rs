//! A queue that gives the last item out first. Notes: "Очередь FILO".

mod utils;

use kolo::{LifoQueue, Result, run};
use utils::Repr;

// Nothing compares these: the order in which they are put is all that counts.
struct WorkItem(u32, u32, &'static str);

fn main() -> Result<()> {
    run(async {
        let lifo_queue = LifoQueue::new(0);
        let work_items = [
            WorkItem(3, 1, "Lowest priority"),
            WorkItem(3, 2, "Lowest priority second"),
            WorkItem(3, 3, "Lowest priority third"),
            WorkItem(2, 4, "Medium priority"),
            WorkItem(1, 5, "High priority"),
        ];
        for work_item in work_items {
            lifo_queue.put_nowait(work_item)?;
        }
        while !lifo_queue.empty() {
            let WorkItem(priority, order, data) = lifo_queue.get().await?;
            println!("WorkItem(priority={priority}, order={order}, data={})", data.repr());
            lifo_queue.task_done()?;
        }
        Ok(())
    })
}

//! A master gives tasks to three workers through a queue. Notes: "Queue".

use std::cell::Cell;

use kolo::{Queue, Result, gather, run, sleep};

/// What Python's `random.randint(1, 3)` drew after `random.seed(0)`; then it begins anew.
const DRAWN: [u32; 12] = [2, 2, 1, 2, 3, 2, 2, 2, 2, 2, 3, 1];

thread_local! {
    static DRAWS: Cell<usize> = const { Cell::new(0) };
}

fn randint() -> u32 {
    let draws = DRAWS.replace(DRAWS.get() + 1);
    DRAWN[draws % DRAWN.len()]
}

async fn worker(idx: u32, queue: Queue<u32>) -> Result<()> {
    loop {
        let task_id = queue.get().await?;
        println!("worker-{idx} started task-{task_id}");
        sleep(randint()).await?;
        println!("worker-{idx} finished task-{task_id}");
    }
}

async fn master(queue: Queue<u32>) -> Result<()> {
    let mut task_id = 1;
    loop {
        sleep(1).await?;
        println!("master gave task-{task_id}");
        queue.put(task_id).await?;
        task_id += 1;
    }
}

fn main() -> Result<()> {
    run(async {
        let queue = Queue::new(0);
        let worker = |idx| worker(idx, queue.clone());
        gather!(master(queue.clone()), worker(1), worker(2), worker(3)).await?;
        Ok(())
    })
}

//! A master and three workers, with the durations that the notes drew. Notes: "Queue".

use std::cell::Cell;

use kolo::{Queue, Result, gather, run, sleep};

/// In place of `random.randint(1, 3)`. The notes stop before the fourth is over; here they begin anew after the last.
const DURATIONS: [u32; 6] = [1, 1, 3, 3, 3, 3];

thread_local! {
    static DRAWS: Cell<usize> = const { Cell::new(0) };
}

fn next_duration() -> u32 {
    let draws = DRAWS.replace(DRAWS.get() + 1);
    DURATIONS[draws % DURATIONS.len()]
}

async fn worker(idx: u32, queue: Queue<u32>) -> Result<()> {
    loop {
        let task_id = queue.get().await?;
        println!("worker-{idx} started task-{task_id}");
        sleep(next_duration()).await?;
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

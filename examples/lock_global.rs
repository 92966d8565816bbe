//! A lock made before any loop, with `acquire` and `release`. Notes: "asyncio.Lock() — это замок".

use kolo::{Lock, Result, create_task, gather, run, sleep};

thread_local! {
    static LOCK: Lock = Lock::new();
}

async fn my_task(task_id: u32) -> Result<()> {
    let lock = LOCK.with(Lock::clone);
    println!("Задача {task_id} ожидает блокировки с помощью Lock");
    lock.acquire().await?;
    println!("Задача {task_id} получила блокировку");
    let slept = sleep(2).await;
    println!("Задача {task_id} блокировка снята");
    lock.release()?;
    slept
}

fn main() -> Result<()> {
    run(async {
        let tasks = [0, 1, 2].map(|i| create_task(my_task(i)));
        gather(tasks).await?;
        Ok(())
    })
}

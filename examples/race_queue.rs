//! Going further: the race of ten thousand with a counter that one task owns, and that the others reach through a queue.
//!
//! The counter is a local variable: whoever wants to change it has to ask. The awaits stay between reading and writing, and
//! nothing can come in between, because nobody else has the counter; there is nothing to lock, and so nothing to forget.

use kolo::{Queue, Result, create_task, gather, run, running_loop, sleep};

/// Takes requests one after another, until there will be no more.
async fn owner(requests: Queue<u32>) -> Result<u32> {
    let mut counter = 0;
    let mut requests = requests.items();
    while let Some(increment) = requests.next().await {
        let current = counter;
        sleep(0).await?;
        let changed = current + increment?;
        sleep(0).await?;
        counter = changed;
    }
    Ok(counter)
}

async fn increment_counter(requests: Queue<u32>) -> Result<()> {
    requests.put(1).await
}

fn main() -> Result<()> {
    run(async {
        let requests = Queue::new(0);
        let owner = create_task(owner(requests.clone()));
        gather((0..10_000).map(|_| increment_counter(requests.clone()))).await?;
        requests.shutdown(false);
        println!("{} after {} turns of the loop", owner.await?, running_loop().iterations());
        Ok(())
    })
}

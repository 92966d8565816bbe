//! What is counted. The shapes are those of the benchmarks' workloads, written for kolo alone, and smaller.
//!
//! Whatever a workload does once, such as spawning those who take turns, does not depend on how many operations it is asked for: so
//! it falls out of the difference of two runs.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use kolo::{Event, Lock, Promise, Queue, Result, Task, create_task, gather, run, running_loop, sleep, timeout};

/// The number of operations is a multiple of this.
pub(crate) const GRAIN: usize = TASKS;

const TASKS: usize = 100;
const CONTENDERS: usize = 10;
const CHILDREN: usize = 10;
const LIMIT: Duration = Duration::from_secs(10);

type Workload = fn(usize) -> Result<()>;

pub(crate) const WORKLOADS: [(&str, Workload); 8] = [
    ("yield", yields),
    ("spawn", spawn_and_join),
    ("lock", lock),
    ("ping_pong", ping_pong),
    ("timeout", timeouts),
    ("cancel", cancel),
    ("gather", gathers),
    ("promise", promises),
];

async fn join_each(tasks: Vec<Task<()>>) -> Result<()> {
    for task in tasks {
        task.await?;
    }
    Ok(())
}

/// 100 tasks take turns. An operation is one turn of one task.
fn yields(turns: usize) -> Result<()> {
    run(async move {
        let turn_takers = (0..TASKS).map(|_| {
            create_task(async move {
                for _ in 0..turns / TASKS {
                    sleep(0).await?;
                }
                Ok(())
            })
        });
        join_each(turn_takers.collect()).await
    })
}

/// 100 tasks that end at their first step are spawned, then joined, again and again. An operation is one task.
fn spawn_and_join(tasks: usize) -> Result<()> {
    run(async move {
        let mut spawned = Vec::with_capacity(TASKS);
        for _ in 0..tasks / TASKS {
            spawned.extend((0..TASKS).map(|i| create_task(async move { Ok(i) })));
            for task in spawned.drain(..) {
                black_box(task.await?);
            }
        }
        Ok(())
    })
}

/// 10 tasks take one lock in turn, and yield while they hold it. An operation is one holding, its yield included.
fn lock(holdings: usize) -> Result<()> {
    run(async move {
        let lock = Rc::new(Lock::new());
        let contenders = (0..CONTENDERS).map(|_| {
            let lock = Rc::clone(&lock);
            create_task(async move {
                for _ in 0..holdings / CONTENDERS {
                    let _held = lock.hold().await?;
                    sleep(0).await?;
                }
                Ok(())
            })
        });
        join_each(contenders.collect()).await
    })
}

/// Two tasks pass a token over two queues of one slot. An operation is once there and back.
fn ping_pong(rounds: usize) -> Result<()> {
    run(async move {
        let ping = Rc::new(Queue::new(1));
        let pong = Rc::new(Queue::new(1));
        let partner = create_task({
            let (ping, pong) = (Rc::clone(&ping), Rc::clone(&pong));
            async move {
                for _ in 0..rounds {
                    let token: usize = ping.get().await?;
                    pong.put(token + 1).await?;
                }
                Ok(())
            }
        });
        let mut token = 0;
        for _ in 0..rounds {
            ping.put(token).await?;
            token = pong.get().await?;
        }
        assert_eq!(token, rounds);
        partner.await
    })
}

/// A limit of ten seconds is armed and disarmed around a yield. An operation is one such limit.
fn timeouts(limits: usize) -> Result<()> {
    run(async move {
        for _ in 0..limits {
            timeout(LIMIT, sleep(0)).await?;
        }
        Ok(())
    })
}

/// 100 tasks that wait for an event are cancelled and collected, again and again. An operation is one task, its spawning and parking
/// included.
fn cancel(tasks: usize) -> Result<()> {
    run(async move {
        let event = Rc::new(Event::new());
        let mut parked = Vec::with_capacity(TASKS);
        for _ in 0..tasks / TASKS {
            parked.extend((0..TASKS).map(|_| {
                let event = Rc::clone(&event);
                create_task(async move { event.wait().await })
            }));
            sleep(0).await?;
            for task in &parked {
                task.cancel();
            }
            for task in parked.drain(..) {
                assert!(task.await.is_err_and(|error| error.is_cancelled()));
            }
        }
        Ok(())
    })
}

/// The values of 10 coroutines that end at once are gathered, again and again. An operation is one child.
fn gathers(children: usize) -> Result<()> {
    run(async move {
        for _ in 0..children / CHILDREN {
            let values = gather((0..CHILDREN).map(|i| async move { Ok(i) })).await?;
            assert_eq!(black_box(values).len(), CHILDREN);
        }
        Ok(())
    })
}

/// A promise that a callback fulfils is awaited. An operation is one promise.
fn promises(promises: usize) -> Result<()> {
    run(async move {
        let event_loop = running_loop();
        for i in 0..promises {
            let promise = Promise::new();
            event_loop.call_soon({
                let promise = promise.clone();
                move || promise.set_result(i).expect("nobody else fulfils it")
            });
            assert_eq!(promise.await?, i);
        }
        Ok(())
    })
}

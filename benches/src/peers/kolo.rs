//! kolo itself.

use std::time::Duration;

use kolo::{Error, Result, Task};

use crate::peer::{Peer, Timers};

pub struct Kolo;

impl Peer for Kolo {
    const NAME: &'static str = "kolo";
    type Error = Error;
    type Task<T: 'static> = Task<T>;

    fn run<T: 'static>(main: impl Future<Output = Result<T>> + 'static) -> T {
        kolo::run(main).expect("a workload that does not fail")
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
        kolo::create_task(coroutine)
    }

    fn join<T: 'static>(task: Task<T>) -> impl Future<Output = Result<T>> {
        task.into_future()
    }

    fn yield_now() -> impl Future<Output = Result<()>> + 'static {
        kolo::sleep(0)
    }

    async fn cancel_all(tasks: Vec<Task<()>>) -> Result<bool> {
        for task in &tasks {
            task.cancel();
        }
        for task in tasks {
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        }
        Ok(true)
    }

    fn gather<T: 'static>(
        coroutines: impl Iterator<Item = impl Future<Output = Result<T>> + 'static>,
    ) -> impl Future<Output = Result<Vec<T>>> {
        kolo::gather(coroutines).into_future()
    }

    async fn group(coroutines: impl Iterator<Item = impl Future<Output = Result<()>> + 'static> + 'static) -> Result<()> {
        kolo::task_group(async move |group| {
            for coroutine in coroutines {
                group.create_task(coroutine)?;
            }
            Ok(())
        })
        .await
    }
}

impl Timers for Kolo {
    fn sleep(delay: Duration) -> impl Future<Output = Result<()>> + 'static {
        kolo::sleep(delay)
    }

    fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T>> + 'static,
    ) -> impl Future<Output = Result<T>> {
        kolo::timeout(limit, coroutine)
    }
}

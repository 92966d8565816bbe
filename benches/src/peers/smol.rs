//! smol: `LocalExecutor` of async-executor, with async-io's timers and reactor.

use std::convert::Infallible;
use std::time::Duration;

use async_executor::{LocalExecutor, Task};
use async_io::Timer;
use futures::FutureExt;
use futures_lite::future;

use crate::peer::{Peer, Timers};

thread_local! {
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

pub struct Smol;

impl Peer for Smol {
    const NAME: &'static str = "smol";
    type Error = Infallible;
    type Task<T: 'static> = Task<Result<T, Infallible>>;

    fn run<T: 'static>(main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
        let Ok(value) = EXECUTOR.with(|executor| async_io::block_on(executor.run(async { executor.spawn(main).await })));
        value
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
        EXECUTOR.with(|executor| executor.spawn(coroutine))
    }

    async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
        task.await
    }

    fn yield_now() -> impl Future<Output = Result<(), Infallible>> + 'static {
        future::yield_now().map(Ok)
    }

    /// A dropped handle cancels its task.
    async fn cancel_all(tasks: Vec<Self::Task<()>>) -> Result<bool, Infallible> {
        drop(tasks);
        Ok(true)
    }
}

impl Timers for Smol {
    fn sleep(delay: Duration) -> impl Future<Output = Result<(), Infallible>> {
        Timer::after(delay).map(|_| Ok(()))
    }

    async fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T, Infallible>> + 'static,
    ) -> Result<T, Infallible> {
        let too_late = async {
            Timer::after(limit).await;
            panic!("not in time")
        };
        future::or(coroutine, too_late).await
    }
}

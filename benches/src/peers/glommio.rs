//! glommio, which runs on io_uring only.

use std::convert::Infallible;
use std::time::Duration;

use futures::FutureExt;
use glommio::{GlommioError, LocalExecutor, LocalExecutorBuilder, Task, executor, spawn_local};

use crate::peer::{Peer, Timers};

pub struct Glommio;

fn start() -> Result<LocalExecutor, GlommioError<()>> {
    LocalExecutorBuilder::default().make()
}

impl Peer for Glommio {
    const NAME: &'static str = "glommio";
    type Error = Infallible;
    type Task<T: 'static> = Task<Result<T, Infallible>>;

    fn available() -> Result<(), String> {
        match std::panic::catch_unwind(start) {
            Ok(started) => started.map(drop).map_err(|error| error.to_string()),
            Err(_) => Err("it panics when it starts".to_owned()),
        }
    }

    fn run<T: 'static>(main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
        let Ok(value) = start().expect("an executor").run(async { spawn_local(main).await });
        value
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
        spawn_local(coroutine)
    }

    async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
        task.await
    }

    async fn yield_now() -> Result<(), Infallible> {
        executor().yield_now().await;
        Ok(())
    }

    /// A dropped handle cancels its task.
    async fn cancel_all(tasks: Vec<Self::Task<()>>) -> Result<bool, Infallible> {
        drop(tasks);
        Ok(true)
    }
}

impl Timers for Glommio {
    fn sleep(delay: Duration) -> impl Future<Output = Result<(), Infallible>> {
        glommio::timer::sleep(delay).map(Ok)
    }

    async fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T, Infallible>> + 'static,
    ) -> Result<T, Infallible> {
        let result = glommio::timer::timeout(limit, async { Ok(coroutine.await) }).await;
        result.expect("in time")
    }
}

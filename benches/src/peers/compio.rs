//! compio on its epoll driver. It polls its driver after every 61 steps, and a system call into io_uring costs more than one into
//! epoll: with nothing to read or write, epoll serves it better.

use std::convert::Infallible;
use std::time::Duration;

use compio::runtime::{JoinHandle, Runtime};
use futures::FutureExt;

use crate::bare;
use crate::peer::{Peer, Timers};

/// Another thread that has woken this many tasks waits until the loop has seen them: by default it would be 64, and wakes
/// that come in thousands would measure that waiting.
const WAKES_FROM_OTHER_THREADS: usize = 4096;

pub struct Compio;

impl Peer for Compio {
    const NAME: &'static str = "compio";
    type Error = Infallible;
    type Task<T: 'static> = JoinHandle<Result<T, Infallible>>;

    fn run<T: 'static>(main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
        let runtime = Runtime::builder()
            .sync_queue_size(WAKES_FROM_OTHER_THREADS)
            .build()
            .expect("a runtime");
        let Ok(value) = runtime.block_on(async { Self::join(compio::runtime::spawn(main)).await });
        value
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
        compio::runtime::spawn(coroutine)
    }

    async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
        task.await.expect("no task panics or is cancelled")
    }

    fn yield_now() -> impl Future<Output = Result<(), Infallible>> + 'static {
        bare::yield_now().map(Ok)
    }

    /// A dropped handle cancels its task.
    async fn cancel_all(tasks: Vec<Self::Task<()>>) -> Result<bool, Infallible> {
        drop(tasks);
        Ok(true)
    }
}

impl Timers for Compio {
    fn sleep(delay: Duration) -> impl Future<Output = Result<(), Infallible>> {
        compio::time::sleep(delay).map(Ok)
    }

    async fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T, Infallible>> + 'static,
    ) -> Result<T, Infallible> {
        compio::time::timeout(limit, coroutine).await.expect("in time")
    }
}

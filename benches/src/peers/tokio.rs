//! tokio twice: its current-thread runtime, where futures that are not `Send` need a `LocalSet`, and its `LocalRuntime`. The former also
//! with its own `yield_now`.

use std::convert::Infallible;
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::{JoinError, JoinHandle, JoinSet, LocalSet, spawn_local};

use crate::bare;
use crate::peer::{Peer, Timers};

pub struct CurrentThread;
pub struct CurrentThreadYieldNow;
pub struct LocalRuntime;

fn builder() -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    builder
}

/// They differ in how they start and how they yield; a task is the same to all.
///
/// `yield_now` polls the driver before the task goes on; a task that wakes itself waits its turn like any other.
macro_rules! tokio_peer {
    ($peer:ty, $name:literal, $yield:expr, $main:ident => $run:expr) => {
        impl Peer for $peer {
            const NAME: &'static str = $name;
            type Error = Infallible;
            type Task<T: 'static> = JoinHandle<Result<T, Infallible>>;

            fn run<T: 'static>($main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
                let Ok(value) = $run.expect("the main task neither panics nor is cancelled");
                value
            }

            fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
                spawn_local(coroutine)
            }

            async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
                task.await.expect("no task panics or is cancelled")
            }

            fn yield_now() -> impl Future<Output = Result<(), Infallible>> + 'static {
                $yield.map(Ok)
            }

            async fn cancel_all(tasks: Vec<Self::Task<()>>) -> Result<bool, Infallible> {
                for task in &tasks {
                    task.abort();
                }
                for task in tasks {
                    assert!(task.await.is_err_and(|error| error.is_cancelled()));
                }
                Ok(true)
            }

            async fn group(
                coroutines: impl Iterator<Item = impl Future<Output = Result<(), Infallible>> + 'static>,
            ) -> Result<(), Infallible> {
                let mut tasks = JoinSet::new();
                for coroutine in coroutines {
                    tasks.spawn_local(coroutine);
                }
                while let Some(ended) = tasks.join_next().await {
                    ended.expect("no task panics or is cancelled")?;
                }
                Ok(())
            }
        }

        impl Timers for $peer {
            fn sleep(delay: Duration) -> impl Future<Output = Result<(), Infallible>> {
                tokio::time::sleep(delay).map(Ok)
            }

            async fn timeout<T: 'static>(
                limit: Duration,
                coroutine: impl Future<Output = Result<T, Infallible>> + 'static,
            ) -> Result<T, Infallible> {
                tokio::time::timeout(limit, coroutine).await.expect("in time")
            }
        }
    };
}

fn run_in_set<M: Future + 'static>(main: M) -> Result<M::Output, JoinError> {
    let runtime = builder().build().expect("a runtime");
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async { spawn_local(main).await })
}

tokio_peer!(CurrentThread, "tokio current_thread", bare::yield_now(), main => run_in_set(main));
tokio_peer!(CurrentThreadYieldNow, "tokio current_thread with yield_now", tokio::task::yield_now(), main => run_in_set(main));

tokio_peer!(LocalRuntime, "tokio LocalRuntime", bare::yield_now(), main => {
    let runtime = builder().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async { spawn_local(main).await })
});

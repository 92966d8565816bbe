//! `LocalPool` of the futures crate: an executor without a clock and without I/O.

use std::cell::RefCell;
use std::convert::Infallible;

use futures::FutureExt;
use futures::executor::LocalSpawner;
use futures::future::RemoteHandle;
use futures::task::LocalSpawnExt;

use crate::bare;
use crate::peer::Peer;

thread_local! {
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

pub struct LocalPool;

impl Peer for LocalPool {
    const NAME: &'static str = "futures LocalPool";
    type Error = Infallible;
    type Task<T: 'static> = RemoteHandle<Result<T, Infallible>>;

    fn run<T: 'static>(main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
        let mut pool = futures::executor::LocalPool::new();
        SPAWNER.set(Some(pool.spawner()));
        let main = Self::spawn(main);
        let Ok(value) = pool.run_until(main);
        value
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
        SPAWNER.with_borrow(|spawner| {
            let spawner = spawner.as_ref().expect("a running pool");
            spawner
                .spawn_local_with_handle(coroutine)
                .expect("a pool that is not shut down")
        })
    }

    async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
        task.await
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

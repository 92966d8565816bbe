//! monoio on its epoll driver, with the feature that lets other threads wake its tasks. It cannot cancel a task.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt;
use monoio::task::JoinHandle;
use monoio::{LegacyDriver, RuntimeBuilder};

use crate::bare;
use crate::peer::{Peer, Timers};

pub struct Monoio;

impl Peer for Monoio {
    const NAME: &'static str = "monoio";
    type Error = Infallible;
    type Task<T: 'static> = JoinHandle<Result<T, Infallible>>;

    fn run<T: 'static>(main: impl Future<Output = Result<T, Infallible>> + 'static) -> T {
        let mut runtime = RuntimeBuilder::<LegacyDriver>::new()
            .enable_timer()
            .build()
            .expect("a runtime");
        let Ok(value) = runtime.block_on(async {
            monoio::spawn(poll_fn(|cx| {
                YIELDED.with(|yielded| yielded.help(cx));
                Poll::<()>::Pending
            }));
            monoio::spawn(main).await
        });
        value
    }

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Infallible>> + 'static) -> Self::Task<T> {
        monoio::spawn(coroutine)
    }

    async fn join<T: 'static>(task: Self::Task<T>) -> Result<T, Infallible> {
        task.await
    }

    async fn yield_now() -> Result<(), Infallible> {
        yield_now().await;
        Ok(())
    }

    fn suspend() -> impl Future<Output = Result<(), Infallible>> + 'static {
        bare::yield_now().map(Ok)
    }
}

/// Lets the other ready tasks run, which monoio itself has no means for: a task that wakes itself goes to the front of its queue
/// and runs again at once. A helper task at the back of the queue wakes everybody who has yielded since it ran last; nothing
/// cheaper can be built on top.
#[derive(Default)]
struct Yielded {
    tasks: RefCell<Vec<Waker>>,
    helper: Cell<Option<Waker>>,
}

thread_local! {
    static YIELDED: Yielded = Yielded::default();
}

impl Yielded {
    fn help(&self, cx: &mut Context<'_>) {
        self.helper.set(Some(cx.waker().clone()));
        self.tasks.borrow_mut().drain(..).for_each(Waker::wake);
    }

    fn add(&self, task: Waker) {
        self.tasks.borrow_mut().push(task);
        if let Some(helper) = self.helper.take() {
            helper.wake();
        }
    }
}

async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        YIELDED.with(|yielded| yielded.add(cx.waker().clone()));
        Poll::Pending
    })
    .await;
}

impl Timers for Monoio {
    fn sleep(delay: Duration) -> impl Future<Output = Result<(), Infallible>> {
        monoio::time::sleep(delay).map(Ok)
    }

    async fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T, Infallible>> + 'static,
    ) -> Result<T, Infallible> {
        monoio::time::timeout(limit, coroutine).await.expect("in time")
    }
}

//! What a runtime must be able to do in order to take part.

use std::fmt::Debug;
use std::time::Duration;

use futures::future::try_join_all;

/// A single-threaded runtime.
///
/// Every coroutine of a workload returns a `Result`, because in kolo every await can be cancelled. Peers whose awaits cannot
/// fail say `Infallible`, which costs them nothing.
pub trait Peer: 'static {
    const NAME: &'static str;
    type Error: Debug + 'static;
    type Task<T: 'static>: 'static;

    /// Whether this machine lets it run, and if not, why.
    fn available() -> Result<(), String> {
        Ok(())
    }

    /// Starts a runtime and runs `main` on it, as a task like any other.
    fn run<T: 'static>(main: impl Future<Output = Result<T, Self::Error>> + 'static) -> T;

    fn spawn<T: 'static>(coroutine: impl Future<Output = Result<T, Self::Error>> + 'static) -> Self::Task<T>;

    fn join<T: 'static>(task: Self::Task<T>) -> impl Future<Output = Result<T, Self::Error>>;

    /// Lets every other ready task run once.
    fn yield_now() -> impl Future<Output = Result<(), Self::Error>> + 'static;

    /// Suspends the task once; it does not matter who runs before it goes on.
    fn suspend() -> impl Future<Output = Result<(), Self::Error>> + 'static {
        Self::yield_now()
    }

    /// Cancels the tasks, and waits until they are gone if that can be waited for. False if this runtime has no means to cancel.
    fn cancel_all(tasks: Vec<Self::Task<()>>) -> impl Future<Output = Result<bool, Self::Error>> {
        drop(tasks);
        async { Ok(false) }
    }

    /// Runs all of them as tasks and collects their values in the order given.
    fn gather<T: 'static>(
        coroutines: impl Iterator<Item = impl Future<Output = Result<T, Self::Error>> + 'static>,
    ) -> impl Future<Output = Result<Vec<T>, Self::Error>> {
        try_join_all(coroutines.map(|coroutine| Self::join(Self::spawn(coroutine))))
    }

    /// Runs all of them as a group that ends when the last of them has.
    fn group(
        coroutines: impl Iterator<Item = impl Future<Output = Result<(), Self::Error>> + 'static> + 'static,
    ) -> impl Future<Output = Result<(), Self::Error>> {
        join_each::<Self, ()>(coroutines.map(|coroutine| Self::spawn(coroutine)).collect())
    }
}

/// A runtime with a clock.
pub trait Timers: Peer {
    fn sleep(delay: Duration) -> impl Future<Output = Result<(), Self::Error>> + 'static;

    /// What the coroutine returns. No workload ever runs into the limit.
    fn timeout<T: 'static>(
        limit: Duration,
        coroutine: impl Future<Output = Result<T, Self::Error>> + 'static,
    ) -> impl Future<Output = Result<T, Self::Error>>;
}

/// Joins tasks one after the other: where nothing else is offered this is what a program does.
pub async fn join_each<P: Peer + ?Sized, T: 'static>(tasks: Vec<P::Task<T>>) -> Result<(), P::Error> {
    for task in tasks {
        P::join(task).await?;
    }
    Ok(())
}

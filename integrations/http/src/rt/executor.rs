//! `Executor`: hyper's tasks are the loop's.

use kolo_executor::{cancellable, create_task};

/// Has what hyper wants to run beside a connection of HTTP/2 run as tasks of the running loop.
///
/// ```
/// use kolo::http::hyper::rt::Executor as _;
/// use kolo::http::rt::Executor;
/// use kolo::{all_tasks, run};
///
/// run(async {
///     Executor.execute(std::future::pending::<()>());
///     assert_eq!(all_tasks().len(), 2);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// When it is used while no loop runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F: Future + 'static> hyper::rt::Executor<F> for Executor {
    fn execute(&self, future: F) {
        create_task(async { cancellable(future).await.map(drop) });
    }
}

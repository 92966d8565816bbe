//! `Coroutine`: what a task is made of.

use crate::ground::error::Result;

/// A coroutine: any future whose output is a [`Result`] of kolo's. Every `async fn` and every `async` block with such an output is one.
///
/// Nobody implements it: it is there for the signatures of functions that take one, and so that the compiler says what is missing.
///
/// ```
/// use kolo::{Coroutine, Task, create_task, run, sleep_with};
///
/// fn spawn_twice<C: Coroutine<Value = u32> + 'static>(make: impl Fn(u32) -> C) -> [Task<u32>; 2] {
///     [create_task(make(1)), create_task(make(2))]
/// }
///
/// run(async {
///     for task in spawn_twice(|number| sleep_with(0.01, number)) {
///         println!("{}", task.await?);
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a coroutine of kolo's",
    label = "not a future whose output is `kolo::Result<...>`",
    note = "an `async fn` returns `kolo::Result<T>`, and an `async` block ends with `Ok(value)`; `?` makes kolo's error of any other",
    note = "any other future is made a coroutine by `async {{ Ok(future.await) }}`, a task or a promise by `.into_future()`"
)]
pub trait Coroutine: Future<Output = Result<Self::Value>> {
    /// What it gives when all goes well.
    type Value;
}

#[diagnostic::do_not_recommend]
impl<F: Future<Output = Result<T>>, T> Coroutine for F {
    type Value = T;
}

//! `Several`: a list of things to wait for.

/// A list of things to wait for, all of one type: what [`gather`](crate::gather()), [`wait`](crate::wait()) and
/// [`as_completed`](crate::as_completed) take. Everything that can be iterated over is one.
///
/// Nobody implements it: it is there so that the compiler says what to write instead of `gather(a(), b())`.
///
/// ```
/// use kolo::{EnsureFuture, Result, Several, gather, run, sleep_with};
///
/// async fn sum(numbers: impl Several<One: EnsureFuture<Value = u32>>) -> Result<u32> {
///     Ok(gather(numbers).await?.into_iter().sum())
/// }
///
/// assert_eq!(run(sum([1, 2, 3].map(|number| sleep_with(0.01, number)))).unwrap(), 6);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of things to wait for",
    label = "not an array, nor a `Vec`, nor anything else that can be iterated over",
    note = "several of one type stand in a list, as in `gather([a, b])`",
    note = "coroutines of different functions are of different types: the macro takes those, as in `gather!(a(), b())`"
)]
pub trait Several: IntoIterator<Item = Self::One> {
    /// What each of them is.
    type One;
}

// Of `type One = I::Item` the compiler would say that it is not of an iterator, before it comes to what is said here.
#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item = A>, A> Several for I {
    type One = A;
}

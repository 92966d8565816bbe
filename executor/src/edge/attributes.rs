//! What the code calls that `#[kolo::main]` and `#[kolo::test]` write.

use crate::edge::runner::RunnerBuilder;
use crate::ground::error::Result;

/// What a function under one of these attributes returns, unless it returns nothing.
#[diagnostic::on_unimplemented(
    message = "a function under `#[kolo::main]` or `#[kolo::test]` returns `kolo::Result<...>` or nothing",
    label = "this is neither",
    note = "`?` makes kolo's error of any other"
)]
pub trait Returned: Sized {
    /// The outcome of `main`, on a loop of its own.
    #[track_caller]
    fn by_run(runner: RunnerBuilder, main: impl Future<Output = Self> + 'static) -> Self;
}

impl<T: 'static> Returned for Result<T> {
    #[track_caller]
    fn by_run(runner: RunnerBuilder, main: impl Future<Output = Self> + 'static) -> Self {
        runner.run(main)
    }
}

/// See [`RunnerBuilder::run`]; of a type that it cannot return is said so in the words of the attributes.
#[track_caller]
pub fn run<R: Returned>(runner: RunnerBuilder, main: impl Future<Output = R> + 'static) -> R {
    R::by_run(runner, main)
}

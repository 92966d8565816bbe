//! `partial!`: a call for another process.

use std::fmt;

use kolo_executor::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cargo::{self, Cargo};
use crate::function::{Concat, Function};
use crate::letter::Letter;
use crate::registry;

/// A function and its first arguments, to be called by another process; from [`partial!`](crate::partial). Mirrors `functools.partial`.
#[derive(Clone, Copy)]
pub struct Partial<F, A = ()> {
    function: F,
    arguments: A,
}

impl<F, A> Partial<F, A> {
    /// For the macro, which sees to it that the function is no closure.
    #[doc(hidden)]
    pub const fn new(function: F, arguments: A) -> Partial<F, A> {
        Partial { function, arguments }
    }
}

impl<F, A: fmt::Debug> fmt::Debug for Partial<F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Partial {} {:?}>", std::any::type_name::<F>(), self.arguments)
    }
}

/// A call as it crosses.
#[doc(hidden)]
pub struct Request {
    /// That its arguments cannot be sent is the error of the call, not of him who asks for it.
    pub(crate) letter: Result<Letter>,
    /// What has to be there until the other process has read the letter.
    pub(crate) cargo: Cargo,
}

/// What another process can be asked to do, given the arguments `More` beside those that it has: a [`Partial`](crate::Partial).
///
/// Arguments are `Serialize`, and `DeserializeOwned` as the function that takes them is [registered](crate::processes); so is what it returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called by another process",
    label = "neither a closure nor a bare function crosses to another process",
    note = "what a closure has captured is in this process's memory: write a function that is given all it needs and returns `kolo::Result`",
    note = "name it in `kolo::processes!(function)` at the beginning of `main`, and here say `kolo::partial!(function, arguments...)`"
)]
pub trait Call<More = ()> {
    /// What it comes to.
    type Output: DeserializeOwned + Send + 'static;

    #[doc(hidden)]
    fn request(self, more: More) -> Result<Request>;
}

impl<F, A, More> Call<More> for Partial<F, A>
where
    A: Concat<More, All: Serialize>,
    F: Function<A::All, Output: DeserializeOwned + Send + 'static>,
{
    type Output = F::Output;

    fn request(self, more: More) -> Result<Request> {
        let _used_for_its_type = self.function;
        let number = registry::number_of::<F>()?;
        let arguments = self.arguments.concat(more);
        let (letter, cargo) = cargo::gather(|| Letter::write(number, "the arguments", &arguments));
        Ok(Request { letter, cargo })
    }
}

/// `partial!(function, arguments...)`: a call for another process, that of `function`, which is named in [`processes!`](crate::processes), with
/// these arguments. Mirrors `functools.partial`, and the arguments of `submit(function, arguments...)`.
///
/// For [`map`](crate::ProcessPoolExecutor::map), whose items are the last arguments, `partial!(function)` is enough.
///
/// ```
/// use kolo::{ProcessPoolExecutor, Result, partial, processes};
///
/// fn power(base: u64, exponent: u32) -> Result<u64> {
///     Ok(base.pow(exponent))
/// }
///
/// fn main() -> Result<()> {
///     processes!(power);
///     let pool = ProcessPoolExecutor::new();
///     assert_eq!(pool.submit(partial!(power, 3, 4))?.result()?, 81);
///     let of_two = pool.map(partial!(power, 2), [1, 2, 10])?.collect::<Result<Vec<_>>>()?;
///     assert_eq!(of_two, [2, 4, 1024]);
///     Ok(())
/// }
/// ```
///
/// It takes functions, by their names, and no closures: another process has nothing of what a closure captures.
#[macro_export]
macro_rules! partial {
    // Else `move` would be taken for the beginning of a path that is wrong.
    (move $($closure:tt)*) => {
        $crate::partial!(|| move)
    };
    ($function:path $(, $argument:expr)* $(,)?) => {
        // In a `const`, where no variable is known that might be a closure.
        $crate::Partial::new(const { $function }, ($($argument,)*))
    };
    ($($closure:tt)*) => {
        ::core::compile_error!(
            "no closure crosses to another process, which has nothing of what it captures: write a function that returns `kolo::Result`, name it in \
             `kolo::processes!(function)` at the beginning of `main`, and here say `kolo::partial!(function, arguments...)`"
        )
    };
}

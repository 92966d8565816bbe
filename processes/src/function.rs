//! `Function`: what other processes may be asked to call.

use kolo_executor::Result;

/// A function of up to six arguments that returns a [`kolo::Result`](kolo_executor::Result); `A` is the tuple of its arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called by another process with the arguments `{A}`",
    note = "it has to be a function of these arguments, of six at the most, that returns `kolo::Result`"
)]
pub trait Function<A>: Copy + Send + Sync + 'static {
    /// What it returns, if it does not fail.
    type Output;

    #[doc(hidden)]
    fn call(self, arguments: A) -> Result<Self::Output>;
}

/// Arguments that are bound already, and those that are added to them.
pub trait Concat<More> {
    /// All of them.
    type All;

    #[doc(hidden)]
    fn concat(self, more: More) -> Self::All;
}

macro_rules! of_arguments {
    ($($Argument:ident $argument:ident),*) => {
        impl<F, T, $($Argument),*> Function<($($Argument,)*)> for F
        where
            F: Fn($($Argument),*) -> Result<T> + Copy + Send + Sync + 'static,
        {
            type Output = T;

            fn call(self, ($($argument,)*): ($($Argument,)*)) -> Result<T> {
                self($($argument),*)
            }
        }

        impl<$($Argument),*> Concat<()> for ($($Argument,)*) {
            type All = Self;

            fn concat(self, (): ()) -> Self {
                self
            }
        }

        impl<Last, $($Argument),*> Concat<(Last,)> for ($($Argument,)*) {
            type All = ($($Argument,)* Last,);

            fn concat(self, (last,): (Last,)) -> Self::All {
                let ($($argument,)*) = self;
                ($($argument,)* last,)
            }
        }
    };
}

of_arguments!();
of_arguments!(A a);
of_arguments!(A a, B b);
of_arguments!(A a, B b, C c);
of_arguments!(A a, B b, C c, D d);
of_arguments!(A a, B b, C c, D d, E e);
of_arguments!(A a, B b, C c, D d, E e, G g);

//! `#[kolo::main]` and `#[kolo::test]`: an `async fn` that runs on a loop of its own.
//!
//! Users take them through the facade `kolo`, with its feature `macros`. They only save a line or two, which each of them shows below: whoever
//! likes no macros writes those. Nothing but the compiler's own `proc_macro` is needed for so little, so nothing else has to be built.
#![forbid(unsafe_code)]

mod expand;
mod function;
mod mistake;
mod options;

use proc_macro::TokenStream;

use crate::function::Function;
use crate::mistake::Mistake;

/// Runs an `async fn main` as the program: what `asyncio.run(main())` is in Python. Needs the feature `macros`.
///
/// The function has no arguments, and returns `kolo::Result<T>` or nothing. It becomes an ordinary one that calls `kolo::run`; where it
/// returned nothing it now returns `kolo::Result<()>`, so that a deadlock or Ctrl-C is seen.
///
/// ```
/// #[kolo::main]
/// async fn main() -> kolo::Result<()> {
///     kolo::sleep(0.01).await?;
///     println!("done");
///     Ok(())
/// }
/// ```
///
/// is the same as
///
/// ```
/// fn main() -> kolo::Result<()> {
///     kolo::run(async {
///         kolo::sleep(0.01).await?;
///         println!("done");
///         Ok(())
///     })
/// }
/// ```
///
/// `KOLO_CLOCK` and `KOLO_DEBUG` act on it as on every program. For a loop of another kind there is `kolo::Runner::builder()`.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_say(item, |item| {
        options::nothing(arguments)?;
        Ok(expand::main(Function::parse("main", item)?))
    })
}

/// Makes a test of an `async fn`: on the virtual clock, unless told otherwise. Needs the feature `macros`.
///
/// The function has no arguments, and returns `kolo::Result<()>` or nothing. It is run by `kolo::testing::run`, whatever `KOLO_CLOCK` says: an
/// hour of sleep takes no time, and what happens when never depends on the machine. What else a test may want, a list of what happened and
/// single iterations, is in `kolo::testing`.
///
/// ```
/// use kolo::{running_loop, sleep, timeout};
///
/// #[kolo::test]
/// async fn an_hour_passes() -> kolo::Result<()> {
///     sleep(3600).await?;
///     assert_eq!(running_loop().time(), 3600.0);
///     Ok(())
/// }
///
/// #[kolo::test]
/// async fn nobody_waits_for_ever() {
///     assert!(timeout(1, sleep(10)).await.unwrap_err().is_timeout());
/// }
/// ```
///
/// `#[kolo::test(clock = "real")]` has time pass as it does, for tests of what comes from outside, such as threads and sockets:
///
/// ```
/// #[kolo::test(clock = "real")]
/// async fn a_moment_passes() -> kolo::Result<()> {
///     kolo::sleep(0.001).await
/// }
/// ```
///
/// The first of these is the same as an ordinary `#[test]` whose body is `testing::run(async { ... })`.
///
/// Write `#[kolo::test]`, with the path: an import of everything, `use kolo::*`, makes a bare `#[test]` ambiguous, until it is told apart by
/// `use std::prelude::v1::test`.
///
/// Other attributes (`#[ignore]`, `#[cfg(...)]`, and `#[should_panic]` where nothing is returned) stand beside it as beside `#[test]`. A test
/// whose tasks wait for each other for ever fails, and says which.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_say(item, |item| {
        let clock = options::clock(arguments)?;
        Ok(expand::test(Function::parse("test", item)?, clock))
    })
}

fn or_say(item: TokenStream, expand: impl FnOnce(TokenStream) -> Result<TokenStream, Mistake>) -> TokenStream {
    expand(item.clone()).unwrap_or_else(|mistake| mistake.beside(item))
}

//! `processes!`: the functions that other processes may be asked to call.

use std::any::{TypeId, type_name};
use std::sync::OnceLock;

use kolo_executor::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::appointment::Appointment;
use crate::function::Function;
use crate::letter::{Letter, Received};
use crate::serve::{RETURNED, serve};

/// In each process of a program the same, because all of them run the same line: a function is known by its place.
static FUNCTIONS: OnceLock<Vec<Entry>> = OnceLock::new();

/// A function that can be called by those who know its place in the list.
#[doc(hidden)]
pub struct Entry {
    id: TypeId,
    name: &'static str,
    call: Box<Answering>,
}

/// Makes a call, and writes what is wanted of it.
type Answering = dyn Fn(&Received, Wanted) -> Result<Option<Letter>> + Send + Sync;

/// What becomes of what a function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Result,
    /// A process of `multiprocessing` returns nothing.
    Nothing,
}

impl Entry {
    /// See [`processes!`](crate::processes), which calls it. `function` is the only value of its type, which so is a name for it that is the same in all processes.
    pub fn of<F, A>(function: F) -> Entry
    where
        F: Function<A, Output: Serialize>,
        A: DeserializeOwned,
    {
        Entry {
            id: TypeId::of::<F>(),
            name: type_name::<F>(),
            call: Box::new(move |letter, wanted| {
                let returned = function.call(letter.read::<A>("the arguments")?)?;
                match wanted {
                    Wanted::Result => Letter::write(RETURNED, "the result", &returned).map(Some),
                    Wanted::Nothing => Ok(None),
                }
            }),
        }
    }
}

/// Does what a letter asks for. What the function panics with is its error.
pub(crate) fn call(letter: &Received, wanted: Wanted) -> Result<Option<Letter>> {
    let entry = FUNCTIONS.get().and_then(|entries| entries.get(letter.number as usize));
    let unknown = || Error::runtime("asked to call a function that is not in the list");
    let entry = entry.ok_or_else(unknown)?;
    Error::catch(|| (entry.call)(letter, wanted))
}

/// The place of a function in the list.
pub(crate) fn number_of<F: 'static>() -> Result<u32> {
    let functions = FUNCTIONS.get().map_or(&[][..], Vec::as_slice);
    let place = functions.iter().position(|entry| entry.id == TypeId::of::<F>());
    place.map(|place| place as u32).ok_or_else(|| {
        let known = functions.iter().map(|entry| entry.name).chain([type_name::<F>()]);
        let known: Vec<&str> = known.map(within_its_crate).collect();
        let text = format!(
            "`{}` is not registered: write `kolo::processes!({});` as the first line of `main`",
            within_its_crate(type_name::<F>()),
            known.join(", ")
        );
        Error::runtime(text).without_place()
    })
}

/// As `main` may write it.
fn within_its_crate(name: &'static str) -> &'static str {
    name.split_once("::").map_or(name, |(_crate, name)| name)
}

/// For the macro.
#[doc(hidden)]
#[track_caller]
pub fn register(functions: Vec<Entry>) {
    assert!(
        FUNCTIONS.set(functions).is_ok(),
        "`kolo::processes!` was called before: name all functions in one"
    );
    if let Some(appointment) = Appointment::of_this_process() {
        serve(appointment);
    }
}

/// `processes!(function, ...)`: the functions that other processes may be asked to call. It is the first line of `main`.
///
/// Other processes are this program, started again: with the same arguments, and from the beginning. There, this line does what it is asked to do
/// and ends the process; what comes after it is never reached. In the program itself it notes the functions, and goes on. So what stands before
/// it is done by each process anew.
///
/// A function returns a [`kolo::Result`](kolo_executor::Result), and has six arguments at the most. These are `DeserializeOwned` and what it
/// returns is `Serialize`, by serde; where they are sent from, it is the other way round.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use kolo::{ProcessPoolExecutor, Result, partial, processes};
///
/// fn word_count(text: String) -> Result<BTreeMap<String, usize>> {
///     let mut counts = BTreeMap::new();
///     for word in text.split_whitespace() {
///         *counts.entry(word.to_owned()).or_default() += 1;
///     }
///     Ok(counts)
/// }
///
/// fn main() -> Result<()> {
///     processes!(word_count);
///     let pool = ProcessPoolExecutor::new();
///     let counts = pool.submit(partial!(word_count, "one fish two fish".to_owned()))?.result()?;
///     assert_eq!(counts["fish"], 2);
///     Ok(())
/// }
/// ```
///
/// # Panics
/// When it is called a second time.
#[macro_export]
macro_rules! processes {
    (move $($closure:tt)*) => {
        $crate::processes!(|| move)
    };
    ($($function:path),* $(,)?) => {
        $crate::of_macros::register(::std::vec![$($crate::of_macros::Entry::of(const { $function })),*])
    };
    ($($closure:tt)*) => {
        ::core::compile_error!("`processes!` is given the names of functions: a closure has none by which another process could know it")
    };
}

//! `open`: a file is opened.

use std::panic::Location;
use std::path::Path;

use kolo_executor::{Error, Result};
use kolo_threads::executors::offload;

use crate::files::buffered::Buffered;
use crate::files::file::File;
use crate::files::form::{Binary, Form, Text};
use crate::files::mode::Mode;

/// Opens a file of text. Mirrors `aiofiles.open(path, mode)`. The mode is Python's: `r`, `w`, `a` or `x`, and a `+` to have it for reading and
/// writing.
///
/// The text is UTF-8. Reading, a line ends in `\n`, `\r` or `\r\n`, and always with `\n` in what is returned.
///
/// ```
/// use kolo::{open, run};
///
/// run(async {
///     let file = open("/proc/self/comm", "r").await?;
///     println!("I am {}", file.read_line().await?);
///     assert!(open("/no/such/file", "r").await.is_err());
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Value, for a mode that is none, and for a binary one; Io, when the system refuses, with the file's name; Cancelled.
///
/// # Cancel safety
/// A file that was opened meanwhile is closed. It may have been made, or made empty, if the mode says so.
#[track_caller]
pub fn open(path: impl AsRef<Path>, mode: &str) -> impl Future<Output = Result<File<Text>>> {
    open_as(path.as_ref(), mode, Location::caller())
}

/// Opens a file of bytes. Mirrors `aiofiles.open(path, mode)` with a `b` in the mode, such as `rb`, `wb` or `r+b`.
///
/// ```
/// use kolo::{open_binary, run};
///
/// run(async {
///     let file = open_binary("/dev/zero", "rb").await?;
///     assert_eq!(file.read(3).await?, [0, 0, 0]);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`open`]; Value, for a mode without a `b`.
///
/// # Cancel safety
/// As `open`.
#[track_caller]
pub fn open_binary(path: impl AsRef<Path>, mode: &str) -> impl Future<Output = Result<File<Binary>>> {
    open_as(path.as_ref(), mode, Location::caller())
}

fn open_as<F: Form>(path: &Path, mode: &str, site: &'static Location<'static>) -> impl Future<Output = Result<File<F>>> + use<F> {
    let (path, parsed) = (path.to_owned(), Mode::parse(mode));
    let wrong = || match F::IS_BINARY {
        true => Error::value(format!("invalid mode: '{mode}' is for text: open it by `open`, or add a `b`")),
        false => Error::value(format!("invalid mode: '{mode}' is for bytes: open it by `open_binary`")),
    };
    let mode = parsed.and_then(|mode| match mode.is_binary == F::IS_BINARY {
        true => Ok(mode),
        false => Err(wrong()),
    });
    async move {
        let mode = mode.map_err(|error| error.at(site))?;
        let file = offload(site, move || Buffered::open(&path, mode)).await;
        file.map(File::new).map_err(|error| error.at(site))
    }
}

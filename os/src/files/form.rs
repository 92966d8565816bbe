//! `Text` and `Binary`: what a file is made of.

use std::io::{self, ErrorKind, SeekFrom};

use kolo_executor::{Error, Result};

use crate::files::buffered::Buffered;
use crate::files::text;

/// A file of text, which is UTF-8. What it reads is a `String`.
///
/// ```
/// use kolo::{File, Text, open, run};
///
/// async fn first_line(file: &File<Text>) -> kolo::Result<String> {
///     file.read_line().await
/// }
///
/// run(async {
///     assert!(first_line(&open("/etc/passwd", "r").await?).await?.ends_with('\n'));
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Debug)]
pub enum Text {}

/// A file of bytes. What it reads is a `Vec<u8>`.
///
/// ```
/// use kolo::{Binary, File, open_binary, run};
///
/// async fn magic(file: &File<Binary>) -> kolo::Result<Vec<u8>> {
///     file.read(4).await
/// }
///
/// run(async {
///     assert_eq!(magic(&open_binary("/dev/zero", "rb").await?).await?, [0; 4]);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Debug)]
pub enum Binary {}

/// What a [`File`](crate::File) is made of: [`Text`] or [`Binary`].
pub trait Form: sealed::Form {}

impl<F: sealed::Form> Form for F {}

/// What Python calls `io.UnsupportedOperation`.
pub(crate) fn unsupported(words: &'static str) -> Error {
    io::Error::new(ErrorKind::Unsupported, words).into()
}

pub(crate) mod sealed {
    use super::{Binary, Buffered, Error, Result, SeekFrom, Text, text, unsupported};

    pub trait Form: 'static {
        /// What is read and written.
        type Data: Send + AsRef<[u8]> + 'static;
        const IS_BINARY: bool;
        /// Of a file that is not open for it.
        const NOT_READABLE: &'static str;
        const NOT_WRITABLE: &'static str;

        fn read(file: &mut Buffered, limit: Option<usize>) -> Result<Self::Data>;
        fn read_line(file: &mut Buffered, limit: Option<usize>) -> Result<Self::Data>;
        /// The next line, if all of it was read ahead and there is nothing to it.
        fn line_at_hand(file: &mut Buffered) -> Option<Self::Data>;
        /// How much it is: bytes, or characters.
        fn size(data: &Self::Data) -> usize;
        /// Of a closed file.
        fn closed(operation: &'static str) -> Error;
        fn may_seek(to: SeekFrom) -> Result<()>;
    }

    impl Form for Text {
        type Data = String;
        const IS_BINARY: bool = false;
        const NOT_READABLE: &'static str = "not readable";
        const NOT_WRITABLE: &'static str = "not writable";

        fn read(file: &mut Buffered, limit: Option<usize>) -> Result<String> {
            text::read(file, limit)
        }

        fn read_line(file: &mut Buffered, limit: Option<usize>) -> Result<String> {
            text::read_line(file, limit)
        }

        fn line_at_hand(file: &mut Buffered) -> Option<String> {
            text::line_at_hand(file)
        }

        fn size(data: &String) -> usize {
            data.chars().count()
        }

        fn closed(_operation: &'static str) -> Error {
            Error::value("I/O operation on closed file.")
        }

        fn may_seek(to: SeekFrom) -> Result<()> {
            match to {
                SeekFrom::Current(offset) if offset != 0 => Err(unsupported("can't do nonzero cur-relative seeks")),
                SeekFrom::End(offset) if offset != 0 => Err(unsupported("can't do nonzero end-relative seeks")),
                _ => Ok(()),
            }
        }
    }

    impl Form for Binary {
        type Data = Vec<u8>;
        const IS_BINARY: bool = true;
        const NOT_READABLE: &'static str = "read";
        const NOT_WRITABLE: &'static str = "write";

        fn read(file: &mut Buffered, limit: Option<usize>) -> Result<Vec<u8>> {
            file.read(limit.unwrap_or(usize::MAX))
        }

        fn read_line(file: &mut Buffered, limit: Option<usize>) -> Result<Vec<u8>> {
            let length = file.line_length(limit.unwrap_or(usize::MAX))?;
            Ok(file.taken_out(length))
        }

        fn line_at_hand(file: &mut Buffered) -> Option<Vec<u8>> {
            let length = file.length_at_hand()?;
            Some(file.taken_out(length))
        }

        fn size(data: &Vec<u8>) -> usize {
            data.len()
        }

        fn closed(operation: &'static str) -> Error {
            match operation {
                "write" => Error::value("write to closed file"),
                "read" | "readline" | "readinto" | "seek" | "truncate" | "flush" => {
                    Error::value(format!("{operation} of closed file"))
                }
                _ => Error::value("I/O operation on closed file."),
            }
        }

        fn may_seek(_to: SeekFrom) -> Result<()> {
            Ok(())
        }
    }
}

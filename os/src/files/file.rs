//! `File`: what is asked of a file.

use std::fmt;
use std::io::SeekFrom;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use kolo_executor::Result;

use crate::files::buffered::Buffered;
use crate::files::form::{Binary, Form, unsupported};
use crate::files::strand::Strand;

/// A file, open, of [`Text`](crate::Text) or of bytes ([`Binary`]); from [`open`](crate::open) and [`open_binary`](crate::open_binary).
/// Mirrors the file object of `aiofiles`.
///
/// Files block, also where that is not wanted: the system has no calls that tell when a file is ready. So every operation is done on a thread of
/// the loop's own, as [`to_thread`](kolo_threads::to_thread) does it, and takes two iterations. What several tasks ask for is done in the order in
/// which they ask. A file is a handle: clones are the same file, with the same position. It has a buffer, as Python's have: what is written
/// reaches the file at a [`flush`](File::flush), a [`close`](File::close), or when enough has gathered.
///
/// It is a guard too: when the last handle is dropped it is closed, and what is unwritten is written there and then, in the loop's thread, without
/// anybody to tell an error to. Who wants to know awaits [`close`](File::close).
///
/// ```
/// use kolo::{open, run, to_thread};
///
/// run(async {
///     let path = std::env::temp_dir().join(format!("kolo-file-{}", std::process::id()));
///     let file = open(&path, "w+").await?;
///     assert_eq!(file.write("one\ntwo\n").await?, 8);
///     file.seek(std::io::SeekFrom::Start(0)).await?;
///     assert_eq!(file.read_line().await?, "one\n");
///     file.close().await?;
///     to_thread(move || Ok(std::fs::remove_file(path)?)).await
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of each operation: Io, when the system refuses, or when the file is not open for it (Python's `io.UnsupportedOperation`, such as
/// `not writable`); Value, `I/O operation on closed file.`; Cancelled.
///
/// # Cancel safety
/// Cancelled before its turn, an operation is not done. Cancelled while a thread is at it, it is done, and what comes of it is dropped: the
/// position moves on past what was read.
pub struct File<F> {
    strand: Arc<Strand>,
    form: PhantomData<F>,
}

impl<F: Form> File<F> {
    pub(crate) fn new(file: Buffered) -> File<F> {
        File {
            strand: Strand::new(file),
            form: PhantomData,
        }
    }

    /// Up to so many characters, or bytes: fewer at the end of the file, and none there. Mirrors `read(n)`.
    ///
    /// ```
    /// use kolo::{open, run};
    ///
    /// run(async {
    ///     let path = std::env::temp_dir().join(format!("read-{}", std::process::id()));
    ///     let file = open(&path, "w+").await?;
    ///     file.write_lines(["first\n", "second\n", "third\n"]).await?;
    ///     file.seek(std::io::SeekFrom::Start(0)).await?;
    ///     assert_eq!(file.read(3).await?, "fir");
    ///     assert_eq!(file.read_line_up_to(100).await?, "st\n");
    ///     assert_eq!(file.read_lines_up_to(1).await?, ["second\n"]); // whole lines
    ///     assert_eq!(file.read_lines().await?, ["third\n"]);
    ///     assert_eq!(file.read_to_end().await?, "");
    ///     file.close().await?;
    ///     std::fs::remove_file(&path)?;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read(&self, limit: usize) -> impl Future<Output = Result<F::Data>> {
        self.reading("read", move |file| F::read(file, Some(limit)))
    }

    /// All that is left. Mirrors `read()` and `readall()`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read_to_end(&self) -> impl Future<Output = Result<F::Data>> {
        self.reading("read", |file| F::read(file, None))
    }

    /// A line with its newline, of which the last may have none; nothing at the end of the file. Mirrors `readline()`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read_line(&self) -> impl Future<Output = Result<F::Data>> {
        self.reading("readline", |file| F::read_line(file, None))
    }

    /// A line, or so many characters, or bytes, of its beginning. Mirrors `readline(n)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read_line_up_to(&self, limit: usize) -> impl Future<Output = Result<F::Data>> {
        self.reading("readline", move |file| F::read_line(file, Some(limit)))
    }

    /// All lines that are left. Mirrors `readlines()`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read_lines(&self) -> impl Future<Output = Result<Vec<F::Data>>> {
        self.read_lines_up_to(usize::MAX)
    }

    /// Lines, until they have so many characters, or bytes, together. Mirrors `readlines(hint)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed, and for text that is not
    /// UTF-8; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read_lines_up_to(&self, hint: usize) -> impl Future<Output = Result<Vec<F::Data>>> {
        self.reading("readlines", move |file| {
            let mut lines = Vec::new();
            let mut size = 0;
            while size < hint {
                let line = F::read_line(file, None)?;
                if line.as_ref().is_empty() {
                    break;
                }
                size += F::size(&line);
                lines.push(line);
            }
            Ok(lines)
        })
    }

    /// Writes it, and returns how much it was: characters, or bytes. Mirrors `write(s)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for writing (`not writable`); Value, when it is closed; Cancelled; Runtime,
    /// after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is written. While a thread is writing, all of it is.
    #[track_caller]
    pub fn write(&self, data: impl Into<F::Data>) -> impl Future<Output = Result<usize>> {
        let data = data.into();
        self.writing("write", move |file| file.write(data.as_ref()).map(|()| F::size(&data)))
    }

    /// Writes all of them, one after the other, with nothing in between. Mirrors `writelines(lines)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for writing (`not writable`); Value, when it is closed; Cancelled; Runtime,
    /// after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is written. While a thread is writing, all of it is.
    #[track_caller]
    pub fn write_lines(&self, lines: impl IntoIterator<Item: Into<F::Data>>) -> impl Future<Output = Result<()>> {
        let lines: Vec<F::Data> = lines.into_iter().map(Into::into).collect();
        self.writing("writelines", move |file| {
            lines.iter().try_for_each(|line| file.write(line.as_ref()))
        })
    }

    /// Has what was written so far reach the file. Mirrors `flush()`.
    ///
    /// ```
    /// use kolo::{open, run};
    ///
    /// run(async {
    ///     let path = std::env::temp_dir().join(format!("flush-{}", std::process::id()));
    ///     let file = open(&path, "w").await?;
    ///     assert_eq!(file.write("hello").await?, 5);
    ///     assert_eq!(file.tell().await?, 5);
    ///     file.flush().await?;
    ///     assert_eq!(std::fs::read_to_string(&path)?, "hello");
    ///     assert_eq!(file.truncate(Some(4)).await?, 4);
    ///     assert!(file.writable().await? && file.seekable().await?);
    ///     assert!(!file.readable().await? && !file.is_terminal().await?);
    ///     file.close().await?;
    ///     std::fs::remove_file(&path)?;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn what is unwritten stays so.
    #[track_caller]
    pub fn flush(&self) -> impl Future<Output = Result<()>> {
        self.using("flush", Buffered::flush)
    }

    /// Where in the file it is, in bytes. Mirrors `tell()`.
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn tell(&self) -> impl Future<Output = Result<u64>> {
        self.using("tell", Buffered::tell)
    }

    /// Goes there, and returns where that is, in bytes from the start. Mirrors `seek(offset, whence)`. In text, from the end and from here on
    /// only by nothing.
    ///
    /// # Errors
    /// Io, when the system refuses, as it does in a pipe, and in text for what is not allowed there; Value, when the file is closed; Cancelled;
    /// Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn it stays where it is. While a thread is at it, it goes there.
    #[track_caller]
    pub fn seek(&self, to: SeekFrom) -> impl Future<Output = Result<u64>> {
        self.using("seek", move |file| F::may_seek(to).and_then(|()| file.seek(to)))
    }

    /// Makes the file so many bytes long, or, for `None`, has it end here; and returns its length. It stays where it is. Mirrors `truncate(size)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for writing (`truncate`); Value, when it is closed; Cancelled; Runtime, after the
    /// loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn the file stays as long as it is. While a thread is at it, it is done.
    #[track_caller]
    pub fn truncate(&self, size: Option<u64>) -> impl Future<Output = Result<u64>> {
        self.using("truncate", move |file| match file.mode.writes() {
            true => file.truncate(size),
            false => Err(unsupported("truncate")),
        })
    }

    /// Whether it is a terminal. Mirrors `isatty()`.
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn is_terminal(&self) -> impl Future<Output = Result<bool>> {
        self.using("isatty", |file| Ok(file.is_terminal()))
    }

    /// Whether it is open for reading. Mirrors `readable()`.
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn readable(&self) -> impl Future<Output = Result<bool>> {
        self.using("readable", |file| Ok(file.mode.reads()))
    }

    /// Whether it is open for writing. Mirrors `writable()`.
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn writable(&self) -> impl Future<Output = Result<bool>> {
        self.using("writable", |file| Ok(file.mode.writes()))
    }

    /// Whether one can go to and fro in it: not in a pipe. Mirrors `seekable()`.
    ///
    /// # Errors
    /// Io, when the system refuses; Value, when the file is closed; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn seekable(&self) -> impl Future<Output = Result<bool>> {
        self.using("seekable", |file| Ok(file.is_seekable()))
    }

    /// Writes what is left to be written, and closes the file, for all handles. Mirrors `close()`. A second time does nothing.
    ///
    /// # Errors
    /// Io, when what is left cannot be written: it is closed all the same; Cancelled; Runtime, after the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn it stays open. While a thread is at it, it is closed.
    #[track_caller]
    pub fn close(&self) -> impl Future<Output = Result<()>> {
        let site = Location::caller();
        let strand = self.strand.clone();
        async move {
            let close = |file: &mut Option<Buffered>| file.take().map_or(Ok(()), |mut file| file.flush());
            strand.run(site, close).await
        }
    }

    /// The next line, if that is known without asking the system, and nobody else is at the file.
    pub(crate) fn line_at_hand(&self) -> Option<F::Data> {
        self.strand.at_once(F::line_at_hand)
    }

    #[track_caller]
    fn reading<T: Send + 'static>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&mut Buffered) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.using(operation, move |file| match file.mode.reads() {
            true => read(file),
            false => Err(unsupported(F::NOT_READABLE)),
        })
    }

    #[track_caller]
    fn writing<T: Send + 'static>(
        &self,
        operation: &'static str,
        write: impl FnOnce(&mut Buffered) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.using(operation, move |file| match file.mode.writes() {
            true => write(file),
            false => Err(unsupported(F::NOT_WRITABLE)),
        })
    }

    #[track_caller]
    fn using<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Buffered) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        let site = Location::caller();
        let strand = self.strand.clone();
        async move {
            let on_open = move |file: &mut Option<Buffered>| match file {
                Some(file) => work(file),
                None => Err(F::closed(operation)),
            };
            strand.run(site, on_open).await
        }
    }
}

impl File<Binary> {
    /// What is there, but at least something before the end of the file, up to so many bytes. Mirrors `read1(n)`.
    ///
    /// ```
    /// use kolo::{open_binary, run};
    ///
    /// run(async {
    ///     let path = std::env::temp_dir().join(format!("bytes-{}", std::process::id()));
    ///     let file = open_binary(&path, "w+b").await?;
    ///     file.write(*b"hello").await?;
    ///     file.seek(std::io::SeekFrom::Start(0)).await?;
    ///     let mut bytes = vec![0; 2];
    ///     assert_eq!(file.read_into(&mut bytes).await?, 2);
    ///     assert_eq!(bytes, b"he");
    ///     assert_eq!(file.read1(100).await?, b"llo");
    ///     file.close().await?;
    ///     std::fs::remove_file(&path)?;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed; Cancelled; Runtime, after
    /// the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// Before its turn nothing is read. While a thread is reading, the position moves on past what is read, and that is dropped.
    #[track_caller]
    pub fn read1(&self, limit: usize) -> impl Future<Output = Result<Vec<u8>>> {
        self.reading("read", move |file| file.read_once(limit))
    }

    /// Fills the buffer, as far as the file goes, and returns how many bytes that are. Mirrors `readinto(buffer)`.
    ///
    /// # Errors
    /// Io, when the system refuses, or when the file is not open for reading (`not readable`); Value, when it is closed; Cancelled; Runtime, after
    /// the loop's threads were shut down.
    ///
    /// # Cancel safety
    /// As [`read`](File::read); the buffer is as it was.
    #[track_caller]
    pub fn read_into(&self, buffer: &mut [u8]) -> impl Future<Output = Result<usize>> {
        let limit = buffer.len();
        let read = self.reading("readinto", move |file| file.read(limit));
        async move {
            let bytes = read.await?;
            buffer[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }
}

impl<F> Clone for File<F> {
    fn clone(&self) -> Self {
        File {
            strand: self.strand.clone(),
            form: PhantomData,
        }
    }
}

impl<F> fmt::Debug for File<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<File>")
    }
}

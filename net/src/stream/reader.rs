//! `StreamReader`: what tasks read from.

use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::{Error, IncompleteRead, Kind, LimitOverrun, Result};

use crate::stream::incoming::Incoming;
use crate::stream::polled::Polled;
use crate::stream::read::Read;
use crate::stream::search::Search;
use crate::transport::Transport;

/// How much is buffered unless something else is asked for, in bytes.
pub(crate) const LIMIT: usize = 64 * 1024;

/// The reading end of a connection, or of whatever [`feeds`](StreamReader::feed_data) it. Mirrors `asyncio.StreamReader`.
///
/// A handle: clones are the same reader. One task at a time can wait for more; a second one gets a Runtime error.
///
/// Its limit bounds what is buffered: above twice that, the connection is not read from until a task has read enough; and it is how long a line
/// can be.
///
/// ```
/// use kolo::{StreamReader, run};
///
/// run(async {
///     let reader = StreamReader::new();
///     reader.feed_data(b"first\nsecond\nrest");
///     reader.feed_eof();
///     assert_eq!(reader.read_line().await?, b"first\n");
///     assert_eq!(reader.read_exactly(3).await?, b"sec");
///     assert_eq!(reader.read_until("\n").await?, b"ond\n");
///     assert_eq!(reader.read_to_end().await?, b"rest");
///     assert!(reader.at_eof());
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Cancel safety
/// A read that is cancelled or dropped while it waits takes nothing: what has come is there for the next. Only
/// [`read_to_end`](StreamReader::read_to_end) loses what it had.
#[derive(Clone)]
pub struct StreamReader(pub(crate) Rc<Incoming>, pub(crate) Polled);

impl Default for StreamReader {
    fn default() -> StreamReader {
        StreamReader::new()
    }
}

impl StreamReader {
    /// A reader without a connection, to be [fed](StreamReader::feed_data), with a limit of 64 KiB.
    pub fn new() -> StreamReader {
        StreamReader::of_limit(LIMIT)
    }

    /// One with a limit that is more than 0.
    pub(crate) fn of_limit(limit: usize) -> StreamReader {
        StreamReader(Rc::new(Incoming::new(limit)), Polled::default())
    }

    /// One with this limit in bytes.
    ///
    /// ```
    /// use kolo::{StreamReader, run};
    ///
    /// run(async {
    ///     let reader = StreamReader::with_limit(8)?;
    ///     reader.feed_data("much longer than that\n");
    ///     assert_eq!(reader.read_line().await.unwrap_err().kind(), kolo::Kind::Value);
    ///     assert!(StreamReader::with_limit(0).is_err());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Value, for a limit of 0.
    #[track_caller]
    pub fn with_limit(limit: usize) -> Result<StreamReader> {
        match limit {
            0 => Err(Error::value("Limit cannot be <= 0")),
            _ => Ok(StreamReader::of_limit(limit)),
        }
    }

    /// Has this transport paused while too much is buffered. Mirrors `reader.set_transport`.
    ///
    /// For readers of one's own making, too.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::transports::StreamProtocol;
    /// use kolo::{StreamReader, create_connection_on, run, running_loop};
    ///
    /// run(async {
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     let reader = StreamReader::with_limit(100)?;
    ///     let (transport, _) = create_connection_on(|| StreamProtocol::new(&running_loop(), &StreamReader::new()), ours).await?;
    ///     reader.set_transport(transport.clone());
    ///     reader.feed_data([0; 201]); // more than twice its limit
    ///     assert!(!transport.is_reading());
    ///     reader.read(200).await?;
    ///     assert!(transport.is_reading());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn set_transport(&self, transport: Transport) {
        self.0.set_transport(transport);
    }

    /// Adds what has come. Mirrors `reader.feed_data`.
    ///
    /// For readers of one's own making: the transport of a connection does it otherwise.
    ///
    /// # Panics
    /// After [`feed_eof`](StreamReader::feed_eof).
    #[track_caller]
    pub fn feed_data(&self, data: impl AsRef<[u8]>) {
        assert!(!self.0.has_eof(), "feed_data after feed_eof");
        self.0.feed_data(data.as_ref());
    }

    /// Says that no more will come. Mirrors `reader.feed_eof`.
    pub fn feed_eof(&self) {
        self.0.feed_eof();
    }

    /// The error that every read ends with, if there is one. Mirrors `reader.exception`.
    #[doc(alias = "exception")]
    pub fn error(&self) -> Option<Error> {
        self.0.error()
    }

    /// Has every read from now on end with this error, whatever is buffered. Mirrors `reader.set_exception`.
    ///
    /// ```
    /// use kolo::{Error, StreamReader, run};
    ///
    /// run(async {
    ///     let reader = StreamReader::new();
    ///     assert!(reader.error().is_none());
    ///     reader.set_error(Error::other("the line is cut"));
    ///     assert_eq!(reader.read(100).await.unwrap_err().message(), "the line is cut");
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias = "set_exception")]
    pub fn set_error(&self, error: impl Into<Error>) {
        self.0.set_error(error.into());
    }

    /// Whether the end has come, and all before it was read. Mirrors `reader.at_eof`.
    pub fn at_eof(&self) -> bool {
        self.0.has_eof() && self.0.buffer.borrow().is_empty()
    }

    /// Reads up to `n` bytes, as soon as there are any; none at the end, and none for an `n` of 0. Mirrors `reader.read`.
    ///
    /// # Errors
    /// The connection's; Cancelled; Runtime, when another task waits.
    ///
    /// # Cancel safety
    /// Nothing has been taken: what has come is there for the next read.
    #[track_caller]
    pub fn read(&self, n: usize) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let (incoming, site) = (self.0.clone(), Location::caller());
        Read::new(incoming, n, site)
    }

    /// Reads to the end. Mirrors `reader.read(-1)`.
    ///
    /// # Errors
    /// As [`read`](StreamReader::read).
    ///
    /// # Cancel safety
    /// When it fails or is cancelled, what it had read is lost.
    #[track_caller]
    pub fn read_to_end(&self) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let (incoming, site) = (self.0.clone(), Location::caller());
        async move {
            let mut all = Vec::new();
            loop {
                let block = Read::new(incoming.clone(), incoming.limit, site).await?;
                if block.is_empty() {
                    return Ok(all);
                }
                match all.is_empty() {
                    true => all = block,
                    false => all.extend_from_slice(&block),
                }
            }
        }
    }

    /// Reads exactly `n` bytes. Mirrors `reader.readexactly`.
    ///
    /// # Errors
    /// IncompleteRead, with what there was, when the end comes before; and as [`read`](StreamReader::read).
    ///
    /// # Cancel safety
    /// Nothing has been taken: what has come is there for the next read.
    #[doc(alias = "readexactly")]
    #[track_caller]
    pub fn read_exactly(&self, n: usize) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let (incoming, site) = (self.0.clone(), Location::caller());
        async move {
            incoming.check()?;
            if n == 0 {
                return Ok(Vec::new());
            }
            while incoming.buffer.borrow().len() < n {
                if incoming.has_eof() {
                    return Err(incomplete(&incoming, Some(n), site));
                }
                incoming.wait("readexactly", site)?.await?;
            }
            Ok(incoming.take(n))
        }
    }

    /// Reads up to the separator, and that with it. Mirrors `reader.readuntil`.
    ///
    /// # Errors
    /// IncompleteRead, with what there was, when the end comes before; LimitOverrun, when the separator is farther away than the limit: all stays
    /// in the buffer then; Value, for an empty separator; and as [`read`](StreamReader::read).
    ///
    /// # Cancel safety
    /// Nothing has been taken: what has come is there for the next read.
    #[doc(alias = "readuntil")]
    #[track_caller]
    pub fn read_until<S: AsRef<[u8]>>(&self, separator: S) -> impl Future<Output = Result<Vec<u8>>> + use<S> {
        let mut separators = [separator];
        let (incoming, site) = (self.0.clone(), Location::caller());
        async move { read_until(&incoming, &mut separators, site).await }
    }

    /// Reads up to whichever of the separators ends first, and that with it. Mirrors `reader.readuntil` with a tuple.
    ///
    /// ```
    /// use kolo::{StreamReader, run};
    ///
    /// run(async {
    ///     let reader = StreamReader::new();
    ///     reader.feed_data("yes;no,perhaps");
    ///     assert_eq!(reader.read_until_any([";", ","]).await?, b"yes;");
    ///     assert_eq!(reader.read_until_any([";", ","]).await?, b"no,");
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`read_until`](StreamReader::read_until); Value, too, without separators.
    ///
    /// # Cancel safety
    /// Nothing has been taken: what has come is there for the next read.
    #[track_caller]
    pub fn read_until_any<I>(&self, separators: I) -> impl Future<Output = Result<Vec<u8>>> + use<I>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let mut separators: Vec<I::Item> = separators.into_iter().collect();
        let (incoming, site) = (self.0.clone(), Location::caller());
        async move { read_until(&incoming, &mut separators, site).await }
    }

    /// Reads a line, with its newline; at the end what is left, which is nothing once all is read. Mirrors `reader.readline`.
    ///
    /// # Errors
    /// Value, when the line is longer than the limit: it is dropped, or, if its end has not come yet, all that is buffered. And as
    /// [`read`](StreamReader::read).
    ///
    /// # Cancel safety
    /// Nothing has been taken: what has come is there for the next read.
    #[doc(alias = "readline")]
    #[track_caller]
    pub fn read_line(&self) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let (incoming, site) = (self.0.clone(), Location::caller());
        async move { read_line(&incoming, site).await }
    }
}

fn incomplete(incoming: &Incoming, expected: Option<usize>, site: &'static Location<'static>) -> Error {
    let partial = incoming.buffer.borrow_mut().take_all();
    Error::from(IncompleteRead { partial, expected }).at(site)
}

async fn read_until<S: AsRef<[u8]>>(
    incoming: &Rc<Incoming>,
    separators: &mut [S],
    site: &'static Location<'static>,
) -> Result<Vec<u8>> {
    let is_empty = separators.is_empty();
    let Some(mut search) = Search::new(separators) else {
        let error = match is_empty {
            true => "Separator should contain at least one element",
            false => "Separator should be at least one-byte string",
        };
        return Err(Error::value(error).at(site));
    };
    incoming.check()?;
    let overrun = |message: &'static str, consumed| {
        let message = message.into();
        Err(Error::from(LimitOverrun { message, consumed }).at(site))
    };
    let found = loop {
        let found = search.find(incoming.buffer.borrow().bytes());
        match found {
            Some(found) => break found,
            None if search.passed() > incoming.limit => {
                return overrun("Separator is not found, and chunk exceed the limit", search.passed());
            }
            None if incoming.has_eof() => return Err(incomplete(incoming, None, site)),
            None => incoming.wait("readuntil", site)?.await?,
        }
    };
    if found.start > incoming.limit {
        return overrun("Separator is found, but chunk is longer than limit", found.start);
    }
    Ok(incoming.take(found.end))
}

pub(crate) async fn read_line(incoming: &Rc<Incoming>, site: &'static Location<'static>) -> Result<Vec<u8>> {
    let error = match read_until(incoming, &mut ["\n"], site).await {
        Ok(line) => return Ok(line),
        Err(error) => error,
    };
    if let Some(incomplete) = error.downcast_ref::<IncompleteRead>() {
        return Ok(incomplete.partial.clone());
    }
    let Some(overrun) = error.downcast_ref::<LimitOverrun>() else {
        return Err(error);
    };
    {
        let buffer = &mut *incoming.buffer.borrow_mut();
        match buffer.bytes().get(overrun.consumed) {
            Some(b'\n') => buffer.skip(overrun.consumed + 1),
            _ => buffer.skip(usize::MAX),
        }
    }
    incoming.resume_if_little();
    Err(Error::new(Kind::Value, overrun.message.clone()).at(site))
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let incoming = &self.0;
        f.write_str("<StreamReader")?;
        let buffered = incoming.buffer.borrow().len();
        if buffered > 0 {
            write!(f, " {buffered} bytes")?;
        }
        if incoming.has_eof() {
            f.write_str(" eof")?;
        }
        if incoming.limit != LIMIT {
            write!(f, " limit={}", incoming.limit)?;
        }
        if incoming.is_awaited() {
            f.write_str(" waiter")?;
        }
        if let Some(error) = incoming.error() {
            write!(f, " exception={error:?}")?;
        }
        if let Some(transport) = incoming.transport() {
            write!(f, " transport={transport:?}")?;
        }
        if incoming.is_paused() {
            f.write_str(" paused")?;
        }
        f.write_str(">")
    }
}

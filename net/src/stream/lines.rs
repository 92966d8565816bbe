//! The lines of a reader, one after the other.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use kolo_executor::Result;

use crate::stream::reader::{StreamReader, read_line};

/// The stream of [`StreamReader::lines`].
#[must_use = "streams do nothing unless polled"]
pub struct Lines {
    reader: StreamReader,
    site: &'static Location<'static>,
    /// The line that is being read.
    line: Option<Line>,
}

type Line = Pin<Box<dyn Future<Output = Result<Vec<u8>>>>>;

impl StreamReader {
    /// The lines, each with its newline, up to the end. Mirrors `async for line in reader`.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use kolo::{StreamReader, run};
    ///
    /// run(async {
    ///     let reader = StreamReader::new();
    ///     reader.feed_data("one\ntwo\nthree");
    ///     reader.feed_eof();
    ///     let lines: Vec<_> = reader.lines().try_collect().await?;
    ///     assert_eq!(lines, [&b"one\n"[..], b"two\n", b"three"]);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`read_line`](StreamReader::read_line). The stream goes on after one.
    #[track_caller]
    pub fn lines(&self) -> Lines {
        Lines {
            reader: self.clone(),
            site: Location::caller(),
            line: None,
        }
    }
}

impl Stream for Lines {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>>>> {
        let this = &mut *self;
        let line = this.line.get_or_insert_with(|| {
            let (incoming, site) = (this.reader.0.clone(), this.site);
            Box::pin(async move { read_line(&incoming, site).await })
        });
        let outcome = ready!(line.as_mut().poll(context));
        this.line = None;
        Poll::Ready(match outcome {
            Ok(line) if line.is_empty() => None,
            outcome => Some(outcome),
        })
    }
}

//! The lines of a file, one after the other.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use kolo_executor::Result;

use crate::files::file::File;
use crate::files::form::Form;

/// The stream of [`File::lines`].
#[must_use = "streams do nothing unless polled"]
pub struct Lines<F: Form> {
    file: File<F>,
    /// The line that is being read.
    line: Option<Line<F::Data>>,
}

type Line<D> = Pin<Box<dyn Future<Output = Result<D>>>>;

impl<F: Form> File<F> {
    /// The lines that are left, each with its newline. Mirrors `async for line in file`.
    ///
    /// A line that the file's buffer has whole comes at once; for others a thread reads the buffer full, in two iterations. So a loop over the lines
    /// suspends its task once for each 64 KiB.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use kolo::{open, run};
    ///
    /// run(async {
    ///     let lines: Vec<String> = open("/etc/hostname", "r").await?.lines().try_collect().await?;
    ///     assert!(lines.iter().all(|line| !line.is_empty()));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`read_line`](File::read_line). The stream goes on after one.
    ///
    /// # Cancel safety
    /// A line that is not given to the task is read by whoever reads next, unless a thread is at it.
    pub fn lines(&self) -> Lines<F> {
        Lines {
            file: self.clone(),
            line: None,
        }
    }
}

impl<F: Form> Stream for Lines<F> {
    type Item = Result<F::Data>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let file = &this.file;
        if this.line.is_none()
            && let Some(line) = file.line_at_hand()
        {
            return Poll::Ready(Some(Ok(line)));
        }
        let line = this.line.get_or_insert_with(|| {
            let file = file.clone();
            Box::pin(async move { file.read_line().await })
        });
        let outcome = ready!(line.as_mut().poll(context));
        this.line = None;
        Poll::Ready(match outcome {
            Ok(line) if line.as_ref().is_empty() => None,
            outcome => Some(outcome),
        })
    }
}

impl<F: Form> Unpin for Lines<F> {}

impl<F: Form> std::fmt::Debug for Lines<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<Lines>")
    }
}

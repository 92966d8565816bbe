//! `Content`: the body of what came, as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Body as _;
use hyper::body::Incoming;
use kolo_executor::{Error, Result, running_loop, sleep};

/// The body of a response, or of a request that a server got: a stream of pieces, as they come. Mirrors aiohttp's `StreamReader`.
///
/// What is dropped before its end is not read any further, and its connection is closed.
///
/// ```
/// use kolo::http::web::{AppRunner, Application, Request, Response, Site};
/// use kolo::http::{Body, ClientSession};
/// use kolo::run;
///
/// run(async {
///     let app = Application::new();
///     app.post("/count", async |mut request: Request| {
///         let mut count = 0;
///         while let Some(piece) = request.content_mut().chunk().await? {
///             count += piece.len();
///         }
///         Ok(Response::new(count.to_string()))
///     })?;
///     let runner = AppRunner::new(&app);
///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
///
///     let url = format!("http://{}/count", address.inet().expect("of TCP"));
///     let large = Body::from(vec![0; 3_000_000]);
///     assert_eq!(ClientSession::new().post(&url).body(large).await?.text().await?, "3000000");
///     runner.cleanup().await
/// })
/// .unwrap();
/// ```
pub struct Content {
    /// `None` at its end.
    incoming: Option<Incoming>,
    pub(crate) patience: Patience,
    /// How a hyper error is told.
    describe: fn(&hyper::Error) -> Error,
    /// Told once whether it came to its end, or was dropped before.
    done: Option<Box<dyn FnOnce(bool)>>,
    /// The wait for the next piece: it ends when that takes too long, or the task is cancelled.
    wait: Option<Pin<Box<dyn Future<Output = Result<()>>>>>,
}

/// How long somebody waits.
#[derive(Default)]
pub(crate) struct Patience {
    /// The loop's time at which all of it has to have come.
    pub(crate) deadline: Option<f64>,
    /// Seconds for each piece.
    pub(crate) each: Option<f64>,
    /// What is said when a piece takes too long.
    pub(crate) late: Option<fn() -> Error>,
}

impl Patience {
    /// Ends with an error when there is none left; only by a cancellation when it has no end.
    fn run_out(&self) -> Pin<Box<dyn Future<Output = Result<()>>>> {
        let event_loop = running_loop();
        let now = event_loop.time();
        let left = self.deadline.map(|deadline| (deadline - now).max(0.0));
        let (each, late) = (self.each, self.late.unwrap_or(Error::timeout));
        let is_each = each.is_some_and(|each| left.is_none_or(|left| each < left));
        let Some(time) = (if is_each { each } else { left }) else {
            return Box::pin(event_loop.create_promise::<()>().into_future());
        };
        Box::pin(async move {
            sleep(time).await?;
            Err(if is_each { late() } else { Error::timeout() })
        })
    }
}

impl Content {
    pub(crate) fn new(incoming: Incoming, describe: fn(&hyper::Error) -> Error) -> Content {
        let incoming = Some(incoming).filter(|incoming| !incoming.is_end_stream());
        Content {
            incoming,
            patience: Patience::default(),
            describe,
            done: None,
            wait: None,
        }
    }

    /// Has somebody told of its end, at once if there is nothing in it.
    pub(crate) fn when_done(&mut self, done: impl FnOnce(bool) + 'static) {
        match self.at_eof() {
            true => done(true),
            false => self.done = Some(Box::new(done)),
        }
    }

    /// Whether all of it was read. Mirrors `content.at_eof()`.
    ///
    /// ```
    /// use kolo::http::ClientSession;
    /// use kolo::http::web::{AppRunner, Application, Site};
    /// use kolo::run;
    ///
    /// run(async {
    ///     let app = Application::new();
    ///     app.get("/", async |_| Ok("hello"))?;
    ///     let runner = AppRunner::new(&app);
    ///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    ///     let url = format!("http://{}/", address.inet().expect("of TCP"));
    ///     let mut content = ClientSession::new().get(&url).await?.into_content();
    ///     assert!(!content.at_eof());
    ///     while content.chunk().await?.is_some() {}
    ///     assert!(content.at_eof());
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    pub fn at_eof(&self) -> bool {
        self.incoming.is_none()
    }

    /// The next piece, of whatever size it comes in; `None` at the end. Mirrors `content.readany()`.
    ///
    /// # Errors
    /// [`ClientError::Payload`](crate::ClientError::Payload), when a response ends too early; Io, when a request does; Timeout; Cancelled.
    ///
    /// # Cancel safety
    /// Nothing is lost: what comes is there for the next call.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }

    /// All that is left of it, unless it is more than so many bytes: then `None`, and it is dropped.
    pub(crate) async fn collect(&mut self, most: usize) -> Result<Option<Bytes>> {
        let Some(first) = self.chunk().await? else {
            return Ok(Some(Bytes::new()));
        };
        // Usually there is one piece, which need not be copied.
        let Some(second) = self.chunk().await? else {
            return Ok(Some(first).filter(|first| first.len() <= most));
        };
        let mut all = BytesMut::from(&*first);
        all.extend_from_slice(&second);
        while all.len() <= most {
            match self.chunk().await? {
                Some(piece) => all.extend_from_slice(&piece),
                None => return Ok(Some(all.freeze())),
            }
        }
        self.give_up();
        Ok(None)
    }

    /// How long it will be, if that is known.
    pub(crate) fn expected(&self) -> Option<u64> {
        match &self.incoming {
            None => Some(0),
            Some(incoming) => incoming.size_hint().exact(),
        }
    }

    /// Reads no more of it.
    pub(crate) fn give_up(&mut self) {
        self.end(false);
    }

    fn end(&mut self, is_whole: bool) {
        self.wait = None;
        drop(self.incoming.take());
        if let Some(done) = self.done.take() {
            done(is_whole);
        }
    }
}

impl Stream for Content {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let this = self.get_mut();
        // The cancellation comes before the piece: it may have been there first.
        if let Some(wait) = &mut this.wait
            && let Poll::Ready(Err(error)) = wait.as_mut().poll(context)
        {
            this.wait = None;
            if !error.is_cancelled() {
                this.give_up();
            }
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            let Some(incoming) = &mut this.incoming else {
                return Poll::Ready(None);
            };
            let frame = match Pin::new(incoming).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending if this.wait.is_some() => return Poll::Pending,
                Poll::Pending => {
                    let wait = this.wait.insert(this.patience.run_out());
                    return match wait.as_mut().poll(context) {
                        Poll::Ready(Err(error)) => {
                            this.wait = None;
                            Poll::Ready(Some(Err(error)))
                        }
                        _ => Poll::Pending,
                    };
                }
            };
            this.wait = None;
            match frame {
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    if this.incoming.as_ref().is_some_and(|incoming| incoming.is_end_stream()) {
                        this.end(true);
                    }
                    return Poll::Ready(Some(Ok(piece)));
                }
                Some(Err(error)) => {
                    let error = (this.describe)(&error);
                    this.give_up();
                    return Poll::Ready(Some(Err(error)));
                }
                None => this.end(true),
            }
        }
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.end(self.incoming.is_none());
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.at_eof() { "<Content at its end>" } else { "<Content>" })
    }
}

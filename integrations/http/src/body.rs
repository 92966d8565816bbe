//! `Body`: what is sent, in a request or a response.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use kolo_executor::{Error, Result, running_loop};

/// The body of a request or a response: bytes, or a stream of them.
///
/// ```
/// use futures_util::stream;
/// use kolo::http::Body;
///
/// Body::from("text");
/// Body::from(vec![0u8, 1, 2]);
/// // Sent in chunks, as they come.
/// Body::stream(stream::iter([Ok("one"), Ok("two")]));
/// ```
pub struct Body(Kind);

enum Kind {
    Bytes(Bytes),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes>>>>),
    /// Taken, or at its end.
    Nothing,
}

impl Body {
    /// Nothing.
    ///
    /// ```
    /// use kolo::http::Body;
    /// use kolo::http::web::Response;
    ///
    /// let nothing = Response::new(Body::empty());
    /// assert_eq!(nothing.status(), 200);
    /// ```
    pub fn empty() -> Body {
        Body(Kind::Nothing)
    }

    /// Of a stream of pieces, which is asked for the next one when there is room for it. It is polled in the connection's task, not in that of whoever
    /// made it. An error ends the connection, and is told to whoever asks for the response.
    pub fn stream<B: Into<Bytes>>(pieces: impl Stream<Item = Result<B>> + 'static) -> Body {
        Body(Kind::Stream(Box::pin(Pieces(Box::pin(pieces)))))
    }

    /// The same body, which notes the loop's time at its end; until then, if it is a stream, that this is never.
    pub(crate) fn noting(self, end: Rc<Cell<f64>>) -> Body {
        match self.0 {
            Kind::Stream(stream) => {
                end.set(f64::INFINITY);
                Body(Kind::Stream(Box::pin(Noting { stream, end })))
            }
            kind => Body(kind),
        }
    }

    /// The same once more, of what can be sent again.
    pub(crate) fn again(&self) -> Option<Body> {
        match &self.0 {
            Kind::Bytes(bytes) => Some(Body(Kind::Bytes(bytes.clone()))),
            Kind::Nothing => Some(Body::empty()),
            Kind::Stream(_) => None,
        }
    }
}

struct Noting {
    stream: Pin<Box<dyn Stream<Item = Result<Bytes>>>>,
    end: Rc<Cell<f64>>,
}

impl Stream for Noting {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = self.stream.as_mut().poll_next(context);
        if let Poll::Ready(None) = polled {
            self.end.set(running_loop().time());
        }
        polled
    }
}

/// A stream whose items become bytes, and whose panics become errors: it is the user's, and is polled by others.
struct Pieces<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<B>>, B: Into<Bytes>> Stream for Pieces<S> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let polled = Error::catch(|| Ok(self.0.as_mut().poll_next(context)));
        match polled {
            Ok(polled) => polled.map(|item| item.map(|piece| piece.map(Into::into))),
            Err(panicked) => Poll::Ready(Some(Err(panicked))),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        match std::mem::replace(&mut self.0, Kind::Nothing) {
            Kind::Nothing => Poll::Ready(None),
            Kind::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Kind::Stream(mut stream) => loop {
                match stream.as_mut().poll_next(context) {
                    // A chunk of no length would say that this is the end.
                    Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                    Poll::Ready(piece) => {
                        if matches!(piece, Some(Ok(_))) {
                            self.0 = Kind::Stream(stream);
                        }
                        return Poll::Ready(piece.map(|piece| piece.map(Frame::data)));
                    }
                    Poll::Pending => {
                        self.0 = Kind::Stream(stream);
                        return Poll::Pending;
                    }
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(_) => SizeHint::default(),
            Kind::Nothing => SizeHint::with_exact(0),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        match bytes.is_empty() {
            true => Body::empty(),
            false => Body(Kind::Bytes(bytes)),
        }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Body {
        Body::empty()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Body {
        Bytes::from(text).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Bytes(bytes) => write!(f, "<Body of {} bytes>", bytes.len()),
            Kind::Stream(_) => f.write_str("<Body of a stream>"),
            Kind::Nothing => f.write_str("<Body of nothing>"),
        }
    }
}

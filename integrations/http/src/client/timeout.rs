//! `ClientTimeout`: how long a request may take.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use kolo_executor::{Error, Kind, Result, Sleep, running_loop, sleep};

/// How long a request may take, in seconds; `None` is as long as it likes. Mirrors `aiohttp.ClientTimeout`.
///
/// ```
/// use kolo::http::{ClientSession, ClientTimeout};
///
/// let patient = ClientTimeout { total: None, sock_read: Some(60.0), ..ClientTimeout::default() };
/// let session = ClientSession::builder().timeout(patient).build();
/// // Of one request alone:
/// let request = session.get("http://example.com").timeout(ClientTimeout::total(5.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientTimeout {
    /// From the beginning to the end of the response's body; 300 unless told otherwise.
    pub total: Option<f64>,
    /// For a connection: a new one, or one that somebody gives back.
    pub connect: Option<f64>,
    /// For a new connection; 30 unless told otherwise.
    pub sock_connect: Option<f64>,
    /// For the response's head, once all of the request is sent, and for each piece of its body.
    pub sock_read: Option<f64>,
}

impl Default for ClientTimeout {
    fn default() -> ClientTimeout {
        ClientTimeout {
            total: Some(300.0),
            connect: None,
            sock_connect: Some(30.0),
            sock_read: None,
        }
    }
}

impl ClientTimeout {
    /// So many seconds for all of a request, and no other limit.
    pub fn total(seconds: f64) -> ClientTimeout {
        ClientTimeout {
            total: Some(seconds),
            sock_connect: None,
            ..ClientTimeout::default()
        }
    }
}

/// What is said when nothing comes.
pub(crate) fn nothing_read() -> Error {
    Error::new(Kind::Timeout, "Timeout on reading data from socket").without_place()
}

/// Waits for `answer`, but no longer than so many seconds after all was `sent`: at that time of the loop, which is infinite before.
pub(crate) async fn since_sent<T>(each: Option<f64>, sent: &Cell<f64>, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(each) = each else { return answer.await };
    let event_loop = running_loop();
    let left = || (sent.get() + each - event_loop.time()).max(0.0);
    let mut answer = pin!(answer);
    let mut timer: Option<std::pin::Pin<Box<Sleep>>> = None;
    poll_fn(|context| {
        if let Poll::Ready(outcome) = answer.as_mut().poll(context) {
            return Poll::Ready(outcome);
        }
        loop {
            let timer_now = timer.get_or_insert_with(|| Box::pin(sleep(left().min(each))));
            match timer_now.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(cancelled)) => return Poll::Ready(Err(cancelled)),
                Poll::Ready(Ok(())) if left() > 0.0 => timer = None,
                Poll::Ready(Ok(())) => return Poll::Ready(Err(nothing_read())),
            }
        }
    })
    .await
}

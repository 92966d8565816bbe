//! One request on a server: its task, and what is made of how that ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use hyper::body::Incoming;
use kolo_executor::{Error, ExceptionContext, Result, Task, create_task, running_loop};
use kolo_net::Address;

use crate::body::Body;
use crate::content::Content;
use crate::web::application::Application;
use crate::web::connections::Connections;
use crate::web::error::HttpError;
use crate::web::handler::Answer as AnyAnswer;
use crate::web::lengths::Lengths;
use crate::web::limits::Limits;
use crate::web::request::Request;
use crate::web::response::Response;

/// What hyper asks for a response to each request of a connection.
pub(crate) struct Service {
    pub(crate) app: Application,
    pub(crate) limits: Limits,
    pub(crate) remote: Option<Address>,
    pub(crate) connections: Rc<Connections>,
    pub(crate) lengths: Rc<RefCell<Lengths>>,
    /// The client may still be sending what nobody reads.
    pub(crate) is_unread: Rc<Cell<bool>>,
}

type Answer = Pin<Box<dyn Future<Output = Result<hyper::Response<Body>>>>>;

impl hyper::service::Service<hyper::Request<Incoming>> for Service {
    type Response = hyper::Response<Body>;
    type Error = Error;
    type Future = Answer;

    fn call(&self, request: hyper::Request<Incoming>) -> Answer {
        if request.headers().contains_key(TRANSFER_ENCODING) && self.lengths.borrow().are_two() {
            self.is_unread.set(true);
            return Box::pin(async { Ok(refused()) });
        }
        let (head, incoming) = request.into_parts();
        let mut content = Content::new(incoming, gone);
        content.patience.each = Some(self.limits.read_time);
        if !content.at_eof() {
            let is_unread = self.is_unread.clone();
            content.when_done(move |is_whole| is_unread.set(!is_whole));
        }
        let request = Request::new(self.app.clone(), head, content, self.limits, self.remote.clone());
        // A task of its own, as in aiohttp: what it sets in its context is not seen by the next request.
        let handling = Handling {
            task: Some(create_task(handle(self.app.clone(), request))),
            connections: self.connections.clone(),
            is_cancelled_with_client: self.limits.handler_cancellation,
        };
        Box::pin(handling.answer())
    }
}

/// A handler that is waited for by its connection.
struct Handling {
    /// `None` once it is through.
    task: Option<Task<Response>>,
    connections: Rc<Connections>,
    is_cancelled_with_client: bool,
}

impl Handling {
    async fn answer(mut self) -> Result<hyper::Response<Body>> {
        let Some(task) = &self.task else {
            return Err(Error::cancelled());
        };
        let outcome = task.clone().await;
        self.task = None;
        let mut response = outcome?.into_hyper();
        if self.connections.is_closing() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

impl Drop for Handling {
    /// The client has gone.
    fn drop(&mut self) {
        match self.task.take() {
            Some(task) if self.is_cancelled_with_client => {
                task.cancel();
            }
            Some(task) if !task.done() => self.connections.leave(task),
            _ => {}
        }
    }
}

/// Answers a request, whatever comes of it but a cancellation.
async fn handle(app: Application, request: Request) -> Result<Response> {
    let (method, path, remote) = request.subject();
    // A handler that panics before its first await does so here.
    let answered = match Error::catch(|| Ok(app.answer(request))) {
        Ok(answer) => Caught(answer).await,
        Err(panicked) => Err(panicked),
    };
    let error = match answered {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    if let Some(answer) = error.downcast_ref::<HttpError>() {
        return Ok(answer.response());
    }
    if error.is_cancelled() {
        return Err(error);
    }
    let report = ExceptionContext::new("Error handling request")
        .with_error(error)
        .with_detail("request", format_args!("{method} {path}"));
    running_loop().call_exception_handler(&report.with_detail("remote", remote));
    let mut response = Response::new("500 Internal Server Error\n\nServer got itself in trouble");
    response.set_status(http::StatusCode::INTERNAL_SERVER_ERROR);
    Ok(response)
}

/// A handler whose panic is its error: others have to be told of it than those that await the task.
struct Caught(AnyAnswer);

impl Future for Caught {
    type Output = Result<Response>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Response>> {
        Error::catch(|| Ok(self.0.as_mut().poll(context))).unwrap_or_else(|panicked| Poll::Ready(Err(panicked)))
    }
}

/// The answer to a request whose length is said twice. Nothing that comes after it can be understood.
fn refused() -> hyper::Response<Body> {
    let why = "Transfer-Encoding can't be present with Content-Length";
    let mut response = HttpError::new(400).with_text(why).response().into_hyper();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The client's connection has ended in the middle of a body.
fn gone(error: &hyper::Error) -> Error {
    let kind = io::ErrorKind::ConnectionReset;
    Error::from(io::Error::new(kind, format!("the client has gone: {error}"))).without_place()
}

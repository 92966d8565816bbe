//! Who makes a response of a request: handlers, and the middlewares before them.

use std::pin::Pin;
use std::rc::Rc;

use kolo_executor::Result;

use crate::web::request::Request;
use crate::web::response::Response;

/// A future of a response.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response>>>>;

/// Any handler.
pub(crate) type AnyHandler = Rc<dyn Fn(Request) -> Answer>;

/// Any middleware.
pub(crate) type AnyMiddleware = Rc<dyn Fn(Request, Next) -> Answer>;

pub(crate) fn any_handler<R: Into<Response> + 'static>(handler: impl AsyncFn(Request) -> Result<R> + 'static) -> AnyHandler {
    let handler = Rc::new(handler);
    Rc::new(move |request| {
        let handler = handler.clone();
        Box::pin(async move { Ok(handler(request).await?.into()) })
    })
}

pub(crate) fn any_middleware(middleware: impl AsyncFn(Request, Next) -> Result<Response> + 'static) -> AnyMiddleware {
    let middleware = Rc::new(middleware);
    Rc::new(move |request, next| {
        let middleware = middleware.clone();
        Box::pin(async move { middleware(request, next).await })
    })
}

/// What comes after a [middleware](crate::web::Application::middleware): others, and at last the handler.
///
/// ```
/// use kolo::http::web::{Application, Next, Request, Response};
/// use kolo::{Result, running_loop};
///
/// async fn timed(request: Request, next: Next) -> Result<Response> {
///     let path = request.path().to_owned();
///     let began = running_loop().time();
///     let response = next.run(request).await;
///     println!("{path}: {:.3} s", running_loop().time() - began);
///     response
/// }
///
/// Application::new().middleware(timed);
/// ```
#[derive(Clone)]
pub struct Next {
    pub(crate) middlewares: Rc<[AnyMiddleware]>,
    /// How many of them have had the request.
    pub(crate) passed: usize,
    pub(crate) handler: AnyHandler,
}

impl Next {
    /// Has the request answered by what comes next.
    ///
    /// # Errors
    /// That of the handler.
    ///
    /// # Cancel safety
    /// The handler is cancelled where it stands.
    #[track_caller]
    pub fn run(mut self, request: Request) -> impl Future<Output = Result<Response>> {
        match self.middlewares.get(self.passed).cloned() {
            Some(middleware) => {
                self.passed += 1;
                middleware(request, self)
            }
            None => (self.handler)(request),
        }
    }
}

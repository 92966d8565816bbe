//! `Application`: what a server does.

use std::any::{Any, type_name};
use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use http::Method;
use kolo_executor::{Error, Result};

use crate::web::error::HttpError;
use crate::web::handler::{Answer, AnyMiddleware, Next, any_handler, any_middleware};
use crate::web::request::Request;
use crate::web::response::Response;
use crate::web::routes::Routes;

/// What a server does: routes and their handlers, middlewares, state, and what is done at the beginning and the end. Mirrors
/// `aiohttp.web.Application`.
///
/// A handle: clones are the same application.
///
/// ```
/// use kolo::http::web::{Application, Response};
///
/// let app = Application::new();
/// app.get("/", async |_| Ok("hello"))?;
/// app.post("/user/{name}", async |request| Ok(Response::new(request.match_info("name")?.to_owned())))?;
/// app.get("/static/{path:.*}", async |request| Ok(request.match_info("path")?.to_owned()))?;
/// app.on_startup(async |app: Application| {
///     app.set_state(String::from("a pool of connections"));
///     Ok(())
/// });
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Application(Rc<State>);

type Hook = Rc<dyn Fn(Application) -> Pin<Box<dyn Future<Output = Result<()>>>>>;

fn any_hook(hook: impl AsyncFn(Application) -> Result<()> + 'static) -> Hook {
    let hook = Rc::new(hook);
    Rc::new(move |app| {
        let hook = hook.clone();
        Box::pin(async move { hook(app).await })
    })
}

#[derive(Default)]
struct State {
    routes: RefCell<Routes>,
    middlewares: RefCell<Vec<AnyMiddleware>>,
    /// The same, as requests have them.
    shared: RefCell<Option<Rc<[AnyMiddleware]>>>,
    values: RefCell<Vec<Rc<dyn Any>>>,
    on_startup: RefCell<Vec<Hook>>,
    on_shutdown: RefCell<Vec<Hook>>,
    on_cleanup: RefCell<Vec<Hook>>,
}

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident $method:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As [`route`](Application::route).
        #[track_caller]
        pub fn $name<R: Into<Response> + 'static>(
            &self,
            path: &str,
            handler: impl AsyncFn(Request) -> Result<R> + 'static,
        ) -> Result<()> {
            self.route(Some(Method::$method), path, handler)
        }
    )*};
}

macro_rules! hooks {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Its own are those of whoever begins or ends the server.
        pub fn $name(&self, hook: impl AsyncFn(Application) -> Result<()> + 'static) {
            self.0.$name.borrow_mut().push(any_hook(hook));
        }
    )*};
}

impl Application {
    /// One that answers every request with a 404.
    pub fn new() -> Application {
        Application::default()
    }

    /// Has the requests of a method at a path answered by `handler`; without a method, of all that have no handler of their own. Mirrors
    /// `app.router.add_route`.
    ///
    /// A part `{name}` of the path is a parameter, see [`Request::match_info`]; `{name:.*}` at its end is all the rest. A path without parameters comes
    /// before one with them. A path of another method is a 405, which says what is allowed; `HEAD` is, where `GET` is.
    ///
    /// ```
    /// use kolo::http::web::Application;
    ///
    /// let app = Application::new();
    /// app.route(Some("PURGE".parse()?), "/cache", async |_| Ok("purged"))?;
    /// app.route(None, "/{path:.*}", async |request| Ok(format!("{} {}", request.method(), request.path())))?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Value, for a path that is none; Runtime, when there is a handler of this method and path.
    #[track_caller]
    pub fn route<R: Into<Response> + 'static>(
        &self,
        method: Option<Method>,
        path: &str,
        handler: impl AsyncFn(Request) -> Result<R> + 'static,
    ) -> Result<()> {
        self.0.routes.borrow_mut().add(method, path, any_handler(handler))
    }

    routes! {
        /// Has `GET` at a path answered by `handler`, and `HEAD`. Mirrors `app.router.add_get`.
        get GET
        /// Has `POST` at a path answered by `handler`. Mirrors `app.router.add_post`.
        post POST
        /// Has `PUT` at a path answered by `handler`. Mirrors `app.router.add_put`.
        put PUT
        /// Has `PATCH` at a path answered by `handler`. Mirrors `app.router.add_patch`.
        patch PATCH
        /// Has `DELETE` at a path answered by `handler`. Mirrors `app.router.add_delete`.
        delete DELETE
    }

    /// Adds what stands between all requests and their handlers, also those that nobody answers: the first that was added is the outermost. Mirrors
    /// `app.middlewares.append`.
    ///
    /// # Errors
    /// Its own are answers, as a handler's are.
    ///
    /// ```
    /// use kolo::http::web::{Application, Next, Request, Response};
    /// use kolo::{ContextVar, Result};
    ///
    /// static REQUEST: ContextVar<u32> = ContextVar::new("request");
    ///
    /// async fn numbered(request: Request, next: Next) -> Result<Response> {
    ///     REQUEST.set(17); // of this request's task alone, and of what it starts
    ///     next.run(request).await?.with_header("X-Request-Id", "17")
    /// }
    ///
    /// let app = Application::new();
    /// app.middleware(numbered);
    /// ```
    pub fn middleware(&self, middleware: impl AsyncFn(Request, Next) -> Result<Response> + 'static) {
        self.0.middlewares.borrow_mut().push(any_middleware(middleware));
        drop(self.0.shared.take());
    }

    hooks! {
        /// Before the first request, in the order in which they were added; an error ends the server. Mirrors `app.on_startup`.
        on_startup
        /// When the server ends, before the last requests are through: whoever waits for something for ever is told here. Mirrors `app.on_shutdown`.
        on_shutdown
        /// After the last request. Mirrors `app.on_cleanup`.
        on_cleanup
    }

    /// Gives the application something that all handlers can have, one of each type. Mirrors `app[key] = value`.
    pub fn set_state<T: 'static>(&self, value: T) {
        let value: Rc<dyn Any> = Rc::new(value);
        let before = {
            let values = &mut *self.0.values.borrow_mut();
            let known = values.iter().position(|known| known.is::<T>());
            match known {
                Some(at) => Some(std::mem::replace(&mut values[at], value)),
                None => {
                    values.push(value);
                    None
                }
            }
        };
        drop(before);
    }

    /// What it was given of this type. Mirrors `app[key]`.
    ///
    /// ```
    /// use kolo::http::web::Application;
    ///
    /// struct Limit(u32);
    ///
    /// let app = Application::new();
    /// app.set_state(Limit(10));
    /// assert_eq!(app.state::<Limit>()?.0, 10);
    /// assert!(app.state::<String>().is_err());
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Runtime, when nobody has given it such a thing.
    #[track_caller]
    pub fn state<T: 'static>(&self) -> Result<Rc<T>> {
        let found = self
            .0
            .values
            .borrow()
            .iter()
            .find_map(|value| value.clone().downcast::<T>().ok());
        match found {
            Some(value) => Ok(value),
            None => Err(Error::runtime(format!(
                "the application has no state of type {}: give it one by Application::set_state",
                type_name::<T>()
            ))),
        }
    }

    /// Begins to answer a request.
    pub(crate) fn answer(&self, mut request: Request) -> Answer {
        let found = self.0.routes.borrow().find(request.method(), request.path());
        let handler = match found {
            Ok((handler, parameters)) => {
                request.parameters = parameters;
                handler
            }
            Err(refused) => Rc::new(move |_| {
                let refused = HttpError::clone(&refused);
                let answer: Answer = Box::pin(async { Err(refused.into()) });
                answer
            }),
        };
        let middlewares = self.middlewares();
        if middlewares.is_empty() {
            return handler(request);
        }
        let next = Next {
            middlewares,
            passed: 0,
            handler,
        };
        Box::pin(next.run(request))
    }

    fn middlewares(&self) -> Rc<[AnyMiddleware]> {
        let shared = &mut *self.0.shared.borrow_mut();
        shared
            .get_or_insert_with(|| self.0.middlewares.borrow().iter().cloned().collect())
            .clone()
    }

    pub(crate) async fn start(&self) -> Result<()> {
        self.call(&self.0.on_startup).await
    }

    pub(crate) async fn shut_down(&self) -> Result<()> {
        self.call(&self.0.on_shutdown).await
    }

    pub(crate) async fn clean_up(&self) -> Result<()> {
        self.call(&self.0.on_cleanup).await
    }

    async fn call(&self, hooks: &RefCell<Vec<Hook>>) -> Result<()> {
        let hooks = hooks.borrow().clone();
        for hook in hooks {
            hook(self.clone()).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Application>")
    }
}

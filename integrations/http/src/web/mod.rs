//! A server, in the shape of `aiohttp.web`.
//!
//! An [`Application`] has the routes and their handlers; [`run_app`] runs it until Ctrl-C, [`AppRunner`] and [`Site`] run it inside a program that
//! does other things too, or a test.
//!
//! ```
//! use kolo::Result;
//! use kolo::http::ClientSession;
//! use kolo::http::web::{AppRunner, Application, Request, Response, Site, json_response};
//!
//! struct Greeting(&'static str);
//!
//! async fn hello(request: Request) -> Result<Response> {
//!     let greeting = request.state::<Greeting>()?;
//!     json_response(&format!("{}, {}", greeting.0, request.match_info("name")?))
//! }
//!
//! kolo::run(async {
//!     let app = Application::new();
//!     app.set_state(Greeting("hello"));
//!     app.get("/user/{name}", hello)?;
//!     let runner = AppRunner::new(&app);
//!     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
//!
//!     let url = format!("http://{}/user/ada", address.inet().expect("of TCP"));
//!     let mut response = ClientSession::new().get(&url).await?;
//!     assert_eq!(response.json::<String>().await?, "hello, ada");
//!     runner.cleanup().await
//! })
//! .unwrap();
//! ```
//!
//! What goes wrong: a handler that fails, or panics, is a 500, and is told to the loop's exception handler; one that fails with an [`HttpError`] is
//! that answer. Who sends a head of more than 8,190 bytes gets a 431, who sends two lengths a 400, who sends a body of more than a MiB to a handler that
//! [reads](Request::read) it a 413, and who sends slowly is closed, see [`Limits`].

mod application;
mod connections;
mod error;
mod handler;
mod lengths;
mod limits;
mod request;
mod response;
mod routes;
mod run_app;
mod runner;
mod serve;
mod service;
mod slow;

pub use application::Application;
pub use error::HttpError;
pub use handler::Next;
pub use limits::Limits;
pub use request::Request;
pub use response::{Response, json_response};
pub use run_app::run_app;
pub use runner::{AppRunner, Site};

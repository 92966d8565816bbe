//! hyper on kolo's loop: its streams, its timers, its tasks. For programs that use hyper itself; [`ClientSession`](crate::ClientSession) and
//! [`web`](crate::web) need nothing of it.
//!
//! Services and bodies need not be `Send`. A server:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use kolo::http::hyper::body::Incoming;
//! use kolo::http::hyper::server::conn::http1;
//! use kolo::http::hyper::service::service_fn;
//! use kolo::http::hyper::{Request, Response};
//! use kolo::http::rt::{Io, Timer};
//! use kolo::{Result, StreamReader, StreamWriter, cancellable, open_connection, run, start_server};
//!
//! async fn hello(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
//!     Ok(Response::new(format!("hello from {}\n", request.uri().path())))
//! }
//!
//! async fn serve(reader: StreamReader, writer: StreamWriter) -> Result<()> {
//!     let io = Io::new((reader, writer));
//!     let connection = http1::Builder::new().timer(Timer).serve_connection(io, service_fn(hello));
//!     // hyper's futures are foreign: so that a cancellation arrives at them, too.
//!     Ok(cancellable(connection).await??)
//! }
//!
//! run(async {
//!     let server = start_server(serve, ("127.0.0.1", 0)).await?;
//!     let (reader, writer) = open_connection(server.addresses()[0].clone()).await?;
//!     writer.write("GET /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
//!     let answer = String::from_utf8(reader.read_to_end().await?)?;
//!     assert!(answer.ends_with("hello from /here\n"));
//!     server.close();
//!     Ok(())
//! })
//! .unwrap();
//! ```
//!
//! A client, which here has a server of [`web`](crate::web) to ask:
//!
//! ```
//! use http_body_util::{BodyExt, Empty};
//! use kolo::http::hyper::Request;
//! use kolo::http::hyper::body::Bytes;
//! use kolo::http::hyper::client::conn::http1;
//! use kolo::http::rt::Io;
//! use kolo::http::web::{AppRunner, Application, Response, Site};
//! use kolo::{cancellable, create_task, open_connection, run, timeout};
//!
//! run(async {
//!     let app = Application::new();
//!     app.get("/", async |_| Ok(Response::new("hello")))?;
//!     let runner = AppRunner::new(&app);
//!     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
//!
//!     let (mut sender, connection) = http1::handshake(Io::new(open_connection(address).await?)).await?;
//!     let driver = create_task(async { Ok(cancellable(connection).await??) });
//!     let request = Request::get("/").header("Host", "localhost").body(Empty::<Bytes>::new())?;
//!     // In a scope of kolo's a foreign future can be cancelled, and has a limit.
//!     let response = timeout(5, async { Ok(sender.send_request(request).await?) }).await?;
//!     assert_eq!(response.status(), 200);
//!     let body = timeout(5, async { Ok(response.into_body().collect().await?) }).await?;
//!     assert_eq!(body.to_bytes(), "hello");
//!
//!     drop(sender); // and with the last sender the connection
//!     driver.await?;
//!     runner.cleanup().await
//! })
//! .unwrap();
//! ```
//!
//! With the feature `http2` the same works by hyper's `http2` modules, which take an [`Executor`] and a [`Timer`] besides.

mod executor;
mod io;
mod timer;

pub use executor::Executor;
pub use io::Io;
pub use timer::Timer;

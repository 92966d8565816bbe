//! hyper's own client and server on kolo's loop, beside ours and together with them.

#[path = "../support/mod.rs"]
mod support;

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Full};
use kolo::http::hyper::body::Incoming;
use kolo::http::hyper::rt::Timer as _;
use kolo::http::hyper::service::service_fn;
use kolo::http::hyper::{self, Request, Response};
use kolo::http::rt::{Executor, Io, Timer};
use kolo::http::web::Application;
use kolo::http::{Bytes, ClientSession};
use kolo::{
    Result, StreamReader, StreamWriter, cancellable, create_task, gather, open_connection, run, running_loop, start_server,
    testing,
};

use support::serve;

/// A service that cannot be sent: it counts in a `Cell`.
async fn echo(count: Rc<Cell<u32>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    count.set(count.get() + 1);
    let path = request.uri().path().to_owned();
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    Ok(Response::new(Full::from([path.as_bytes(), b" ", &body].concat())))
}

#[test]
fn http1_is_served_to_our_client_by_services_that_cannot_be_sent() {
    run(async {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let serve = move |reader: StreamReader, writer: StreamWriter| {
            let count = counted.clone();
            async move {
                let service = service_fn(move |request| echo(count.clone(), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(Timer)
                    .header_read_timeout(Duration::from_secs(10))
                    .serve_connection(Io::new((reader, writer)), service);
                Ok(cancellable(connection).await??)
            }
        };
        let server = start_server(serve, ("127.0.0.1", 0)).await?;
        let address = server.addresses()[0].inet().expect("of TCP");
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        let large = "x".repeat(200_000);
        for path in ["/a", "/b"] {
            let mut response = session.post(path).body(large.clone()).await?;
            assert_eq!(response.text().await?, format!("{path} {large}"));
        }
        assert_eq!((count.get(), session.idle_connections()), (2, 1));
        session.close();
        server.close();
        server.wait_closed().await
    })
    .unwrap();
}

#[test]
fn http1_is_asked_of_our_server_by_hypers_client() {
    run(async {
        let app = Application::new();
        app.get("/{name}", async |request| Ok(request.match_info("name")?.to_owned()))?;
        let (runner, address) = serve(&app).await?;
        let io = Io::new(open_connection(address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        let driver = create_task(async { Ok(cancellable(connection).await??) });
        for name in ["ada", "grace"] {
            sender.ready().await?;
            let request = Request::get(format!("/{name}"))
                .header("Host", "x")
                .body(Empty::<Bytes>::new())?;
            let response = sender.send_request(request).await?;
            assert_eq!(response.into_body().collect().await?.to_bytes(), name);
        }
        drop(sender);
        driver.await?;
        runner.cleanup().await
    })
    .unwrap();
}

#[test]
fn http2_goes_both_ways_many_at_a_time() {
    run(async {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let serve = move |reader: StreamReader, writer: StreamWriter| {
            let count = counted.clone();
            async move {
                let service = service_fn(move |request| echo(count.clone(), request));
                let mut builder = hyper::server::conn::http2::Builder::new(Executor);
                builder.timer(Timer).keep_alive_interval(Duration::from_secs(20));
                Ok(cancellable(builder.serve_connection(Io::new((reader, writer)), service)).await??)
            }
        };
        let server = start_server(serve, ("127.0.0.1", 0)).await?;
        let io = Io::new(open_connection(server.addresses()[0].clone()).await?);
        let (sender, connection) = hyper::client::conn::http2::handshake(Executor, io).await?;
        let driver = create_task(async { Ok(cancellable(connection).await??) });
        let large = "x".repeat(100_000);
        let ask = |number: u32| {
            let (mut sender, body) = (sender.clone(), Full::<Bytes>::from(large.clone()));
            async move {
                let request = Request::post(format!("http://x/{number}")).body(body)?;
                let response = cancellable(sender.send_request(request)).await??;
                Ok(cancellable(response.into_body().collect()).await??.to_bytes())
            }
        };
        let answers = gather((0..50).map(ask)).await?;
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(*answer, format!("/{number} {large}"));
        }
        assert_eq!(count.get(), 50);
        drop(sender);
        driver.await?;
        server.close();
        Ok(())
    })
    .unwrap();
}

#[test]
fn timers_go_by_the_loops_clock_and_end_with_what_they_are_for() {
    testing::run(async {
        let began = (Timer.now(), running_loop().time());
        cancellable(Timer.sleep(Duration::from_secs(3600))).await?;
        assert_eq!(running_loop().time() - began.1, 3600.0);
        assert_eq!(Timer.now() - began.0, Duration::from_secs(3600));
        // One that is dropped while it waits is not waited for.
        let long = Timer.sleep(Duration::from_secs(1_000_000));
        assert!(kolo::timeout(1, cancellable(long)).await.unwrap_err().is_timeout());
        let mut moved = Timer.sleep(Duration::from_secs(1));
        Timer.reset(&mut moved, Timer.now() + Duration::from_secs(5));
        cancellable(moved).await?;
        assert_eq!(running_loop().time() - began.1, 3606.0);
        Ok(())
    })
    .unwrap();
}

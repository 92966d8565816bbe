//! The servers: hyper on tokio, hyper on kolo, and kolo's own application on that.

use std::convert::Infallible;
use std::net::TcpListener;

use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use kolo::http::rt::Io;
use kolo::http::web::{AppRunner, Application, Site};
use kolo::{Promise, StreamReader, StreamWriter, cancellable, run, start_server};

use super::HELLO;
use crate::net::servers::listen;

/// All of them.
pub const SERVERS: [(&str, fn()); 3] = [
    ("hyper on tokio current_thread", on_tokio),
    ("hyper on kolo", on_kolo),
    ("kolo web::Application", application),
];

type Full = http_body_util::Full<Bytes>;

async fn hello(_: Request<Incoming>) -> Result<Response<Full>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(HELLO.as_bytes()))))
}

fn on_tokio() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let main = async {
        let listener = tokio::net::TcpListener::from_std(listen())?;
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let io = hyper_util::rt::TokioIo::new(connection);
            let connection = Builder::new().serve_connection(io, service_fn(hello));
            tokio::spawn(async { connection.await.expect("a client that does not fail") });
        }
    };
    let task = runtime.spawn(main);
    let ended: std::io::Result<()> = runtime.block_on(task).expect("a server that does not panic");
    ended.expect("a server that does not fail");
}

fn on_kolo() {
    let serve = async |reader: StreamReader, writer: StreamWriter| {
        let connection = Builder::new().serve_connection(Io::new((reader, writer)), service_fn(hello));
        Ok(cancellable(connection).await??)
    };
    run(async move {
        start_server(serve, ("127.0.0.1", 0))
            .on(listen())
            .backlog(4096)
            .await?
            .serve_forever()
            .await
    })
    .expect("a server that does not fail");
}

fn application() {
    run(async {
        let app = Application::new();
        app.get("/", async |_| Ok(HELLO))?;
        let runner = AppRunner::new(&app);
        let listener: TcpListener = listen();
        Site::tcp(&runner, ("127.0.0.1", 0))
            .with(|server| server.on(listener).backlog(4096))
            .start()
            .await?;
        Promise::<()>::new().await
    })
    .expect("a server that does not fail");
}

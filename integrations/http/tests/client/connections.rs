//! Connections: kept, limited, given up.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use futures_util::stream;
use kolo::http::web::{AppRunner, Application, Limits, Request, Response, json_response};
use kolo::http::{Body, ClientSession};
use kolo::{Result, StreamReader, StreamWriter, create_task, gather, sleep, start_server, testing};

use crate::support::{serve, serve_with};

/// Answers with the client's port, after so many seconds.
async fn counting(delay: f64) -> Result<(AppRunner, String)> {
    let app = Application::new();
    app.get("/", async move |request: Request| {
        sleep(delay).await?;
        json_response(&request.remote().and_then(|remote| remote.port()))
    })?;
    app.get("/large", async |_| Ok(Response::new(vec![0; 5_000_000])))?;
    let (runner, address) = serve(&app).await?;
    Ok((runner, format!("http://{address}")))
}

async fn port(session: &ClientSession, base: &str) -> Result<u16> {
    session.get(base).await?.json().await
}

#[test]
fn one_that_was_read_to_its_end_is_used_again() {
    testing::run(async {
        let (_, base) = counting(0.0).await?;
        let session = ClientSession::new();
        let ports = [port(&session, &base).await?, port(&session, &base).await?];
        assert_eq!(ports[0], ports[1]);
        assert_eq!(session.idle_connections(), 1);

        let single = ClientSession::builder().keepalive_timeout(None).build();
        assert_ne!(port(&single, &base).await?, port(&single, &base).await?);
        assert_eq!(single.idle_connections(), 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_response_that_is_dropped_gives_its_connection_up() {
    testing::run(async {
        let (_, base) = counting(0.0).await?;
        let session = ClientSession::builder().limit(1).build();
        let mut response = session.get(format!("{base}/large")).await?;
        assert!(response.content_mut().chunk().await?.is_some());
        assert_eq!(session.idle_connections(), 0);
        drop(response);
        assert_eq!(session.idle_connections(), 0, "closed, not kept");
        // The limit is 1: it was given up.
        port(&session, &base).await?;
        assert_eq!(session.idle_connections(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_request_that_is_cancelled_or_dropped_gives_its_connection_up() {
    testing::run(async {
        let (_, base) = counting(0.2).await?;
        let session = ClientSession::builder().limit(1).build();
        let task = create_task(session.get(&base).send());
        sleep(0.05).await?;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        let dropped = kolo::timeout(0.05, session.get(&base).send()).await;
        assert!(dropped.unwrap_err().is_timeout());
        port(&session, &base).await?;
        assert_eq!(session.idle_connections(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn no_more_are_in_use_than_the_limits_say() {
    testing::run(async {
        let now = Rc::new(Cell::new(0));
        let most = Rc::new(Cell::new(0));
        let app = Application::new();
        let (counted, seen) = (now.clone(), most.clone());
        app.get("/", async move |_| {
            counted.set(counted.get() + 1);
            seen.set(seen.get().max(counted.get()));
            sleep(0.01).await?;
            counted.set(counted.get() - 1);
            Ok(())
        })?;
        let (_, address) = serve(&app).await?;
        let base = format!("http://{address}");
        for (session, limit) in [
            (ClientSession::builder().limit(3).build(), 3),
            (ClientSession::builder().limit_per_host(2).build(), 2),
        ] {
            most.set(0);
            let requests = (0..20).map(|_| session.get(&base));
            gather(requests.map(|request| async { request.await?.read().await })).await?;
            assert_eq!(most.get(), limit);
            assert_eq!(session.idle_connections(), limit);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_host_whose_limit_is_reached_does_not_hold_up_another() {
    testing::run(async {
        let (_, slow) = counting(0.2).await?;
        let (_, quick) = counting(0.0).await?;
        let session = ClientSession::builder().limit(2).limit_per_host(1).build();
        let tasks = [0, 1, 2].map(|_| {
            let request = session.get(&slow);
            create_task(async { request.await?.read().await })
        });
        sleep(0.05).await?;
        port(&session, &quick).await?;
        assert!(tasks.iter().all(|task| !task.done()));
        gather(tasks).await?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_nobody_uses_is_closed_after_a_while() {
    testing::run(async {
        let (_, base) = counting(0.0).await?;
        let session = ClientSession::new();
        port(&session, &base).await?;
        sleep(14).await?;
        assert_eq!(session.idle_connections(), 1);
        sleep(2).await?;
        assert_eq!(session.idle_connections(), 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_the_server_has_closed_meanwhile_is_replaced() {
    testing::run(async {
        let app = Application::new();
        app.route(None, "/", async |mut request: Request| {
            json_response(&(request.text().await?, request.remote().and_then(|remote| remote.port())))
        })?;
        let limits = Limits {
            head_time: 5.0,
            ..Limits::default()
        };
        let (_, address) = serve_with(&app, limits).await?;
        let base = format!("http://{address}/");
        let session = ClientSession::new();
        let mut ports = BTreeSet::new();
        for _ in 0..3 {
            let (body, port): (String, u16) = session.post(&base).body("x").await?.json().await?;
            assert_eq!(body, "x");
            ports.insert(port);
            sleep(6).await?;
        }
        assert_eq!(ports.len(), 3);
        Ok(())
    })
    .unwrap();
}

/// Answers the first request of each connection, and closes it in the face of the second.
async fn once(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    reader.read_until("\r\n\r\n").await?;
    writer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    reader.read_until("\r\n\r\n").await?;
    writer.close();
    writer.wait_closed().await
}

#[test]
fn a_request_that_does_no_harm_is_tried_again_when_a_kept_connection_ends() {
    testing::run(async {
        let server = start_server(once, ("127.0.0.1", 0)).await?;
        let base = format!("http://{}/", server.addresses()[0].inet().expect("of TCP"));
        let session = ClientSession::new();
        assert_eq!(session.get(&base).await?.status(), 200);
        assert_eq!(session.get(&base).await?.status(), 200, "on a second connection");
        let error = session.post(&base).await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "Server disconnected", "it may have been done");
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_answer_may_come_before_all_of_the_request_is_sent() {
    testing::run(async {
        let app = Application::new();
        app.post("/", async |_| Ok("enough"))?;
        let (_, address) = serve(&app).await?;
        let sent = Rc::new(RefCell::new(0));
        let counted = sent.clone();
        let endless = stream::repeat_with(move || {
            *counted.borrow_mut() += 1;
            Ok(vec![0; 1000])
        });
        let mut response = ClientSession::new()
            .post(format!("http://{address}/"))
            .body(Body::stream(endless))
            .await?;
        assert_eq!(response.text().await?, "enough");
        assert!(*sent.borrow() < 100_000, "held up by the buffers");
        Ok(())
    })
    .unwrap();
}

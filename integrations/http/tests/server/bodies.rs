//! Bodies of requests.

use kolo::http::web::{Application, Limits, Request, Response, json_response};
use kolo::http::{Body, ClientSession};
use kolo::{Result, run, testing};

use crate::support::{first_line, raw, serve, serve_with};

async fn length(mut request: Request) -> Result<Response> {
    json_response(&request.read().await?.len())
}

fn post(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn what_is_longer_than_the_limit_is_a_413() {
    run(async {
        let app = Application::new();
        app.post("/", length)?;
        let (_, address) = serve_with(
            &app,
            Limits {
                body: 10,
                ..Limits::default()
            },
        )
        .await?;
        assert!(raw(address, post("0123456789")).await?.ends_with("\r\n\r\n10"));
        let answer = raw(address, post("0123456789a")).await?;
        assert_eq!(first_line(&answer), "HTTP/1.1 413 Payload Too Large");
        assert!(answer.ends_with("Maximum request body size 10 exceeded"), "{answer}");
        let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n";
        assert_eq!(first_line(&raw(address, chunked).await?), "HTTP/1.1 413 Payload Too Large");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_client_that_is_still_sending_gets_its_413() {
    run(async {
        let app = Application::new();
        app.post("/", length)?;
        let (_, address) = serve(&app).await?;
        // As long as the usual limit, and then far more than any buffer of the system.
        for (length, status) in [(1 << 20, 200), ((1 << 20) + 1, 413), (20 << 20, 413)] {
            let response = ClientSession::new()
                .post(format!("http://{address}/"))
                .body(vec![0; length])
                .await?;
            assert_eq!(response.status(), status, "{length}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_that_nobody_reads_does_not_become_the_next_request() {
    // On the virtual clock the server is soon tired of waiting for another.
    testing::run(async {
        let app = Application::new();
        app.post("/", async |_| Ok("ignored"))?;
        app.get("/evil", async |_| Ok("evil"))?;
        let (_, address) = serve(&app).await?;
        let inner = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = raw(address, post(inner).replace("Connection: close\r\n", "")).await;
        // One answer: what came after it is thrown away with the connection, or read as the body it is.
        let answer = answer.unwrap_or_default();
        assert!(answer.ends_with("ignored") && !answer.contains("evil"), "{answer}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_no_json_or_no_text_is_a_400() {
    run(async {
        let app = Application::new();
        app.post("/json", async |mut request: Request| {
            json_response(&request.json::<Vec<u32>>().await?)
        })?;
        app.post("/text", async |mut request: Request| Ok(request.text().await?))?;
        app.post("/form", async |mut request: Request| json_response(&request.post().await?))?;
        let (_, address) = serve(&app).await?;
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        for (path, body, status) in [
            ("/json", Body::from("[1,2]"), 200),
            ("/json", Body::from("[1,"), 400),
            ("/json", Body::from("{}"), 400),
            ("/json", Body::empty(), 400),
            ("/text", Body::from(vec![0xff]), 400),
            ("/text", Body::empty(), 200),
        ] {
            assert_eq!(session.post(path).body(body).await?.status(), status);
        }
        let fields: Vec<(String, String)> = session.post("/form").form([("a", "1 &"), ("b", "")]).await?.json().await?;
        assert_eq!(fields, [("a".into(), "1 &".into()), ("b".into(), String::new())]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn who_expects_to_be_told_to_go_on_is_told() {
    run(async {
        let app = Application::new();
        app.post("/", length)?;
        let (_, address) = serve(&app).await?;
        let (reader, writer) = kolo::open_connection(address).await?;
        writer.write("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")?;
        assert_eq!(reader.read_line().await?, b"HTTP/1.1 100 Continue\r\n");
        assert_eq!(reader.read_line().await?, b"\r\n");
        writer.write("hello")?;
        assert!(String::from_utf8(reader.read_to_end().await?)?.ends_with("\r\n\r\n5"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_may_come_while_the_answer_goes() {
    run(async {
        let app = Application::new();
        app.post("/", async |request: Request| {
            Ok(Response::new(Body::stream(request.into_content())))
        })?;
        let (_, address) = serve(&app).await?;
        let pieces = futures_util::stream::iter((0..1000).map(|n: u32| Ok(format!("{n:04}"))));
        let mut response = ClientSession::new()
            .post(format!("http://{address}/"))
            .body(Body::stream(pieces))
            .await?;
        let expected: String = (0..1000).map(|n| format!("{n:04}")).collect();
        assert_eq!(response.text().await?, expected);
        Ok(())
    })
    .unwrap();
}

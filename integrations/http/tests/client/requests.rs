//! What is sent.

use futures_util::stream;
use kolo::http::web::{Application, Request, json_response};
use kolo::http::{Body, ClientSession, Method, Url};
use kolo::{Result, gather, run};

use crate::support::serve;

/// Says what came.
async fn echo(mut request: Request) -> Result<kolo::http::web::Response> {
    let body = request.text().await?;
    let head = format!("{} {}", request.method(), request.path_and_query());
    let kind = request.header("content-type").unwrap_or("-").to_owned();
    let length = request
        .header("content-length")
        .or(request.header("transfer-encoding"))
        .unwrap_or("-")
        .to_owned();
    json_response(&[head, kind, length, body])
}

async fn echoing() -> Result<(ClientSession, String)> {
    let app = Application::new();
    app.route(None, "/{rest:.*}", echo)?;
    let (_, address) = serve(&app).await?;
    Ok((ClientSession::new(), format!("http://{address}")))
}

#[test]
fn each_method_is_sent() {
    run(async {
        let (session, base) = echoing().await?;
        let url = format!("{base}/there");
        let requests = [
            session.get(&url),
            session.post(&url),
            session.put(&url),
            session.patch(&url),
            session.delete(&url),
            session.options(&url),
            session.request(Method::from_bytes(b"PURGE")?, &url),
        ];
        let mut seen = Vec::new();
        for request in requests {
            seen.push(request.await?.json::<Vec<String>>().await?[0].clone());
        }
        let expected = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"];
        assert_eq!(seen, expected.map(|method| format!("{method} /there")));
        let mut head = session.head(&url).await?;
        assert_eq!((head.status(), head.read().await?.len()), (200, 0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn queries_forms_json_and_streams_are_encoded() {
    run(async {
        let (session, base) = echoing().await?;
        let query = session
            .get(format!("{base}/a b?x=1"))
            .query([("text", "apples & pears"), ("ю", "=")]);
        let said: Vec<String> = query.await?.json().await?;
        assert_eq!(said, ["GET /a%20b?x=1&text=apples+%26+pears&%D1%8E=%3D", "-", "-", ""]);

        let form = session.post(&base).form([("name", "ada"), ("text", "a=b&c")]);
        let said: Vec<String> = form.await?.json().await?;
        assert_eq!(
            said,
            ["POST /", "application/x-www-form-urlencoded", "23", "name=ada&text=a%3Db%26c"]
        );

        let said: Vec<String> = session.put(&base).json(&[1, 2]).await?.json().await?;
        assert_eq!(said, ["PUT /", "application/json", "5", "[1,2]"]);

        let body = Body::stream(stream::iter([Ok("one "), Ok(""), Ok("two")]));
        let said: Vec<String> = session.post(&base).body(body).await?.json().await?;
        assert_eq!(said, ["POST /", "application/octet-stream", "chunked", "one two"]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn headers_of_the_session_and_of_the_request_are_sent() {
    run(async {
        let app = Application::new();
        app.get("/", async |request: Request| {
            let of = |name| request.header(name).unwrap_or("-").to_owned();
            json_response(&["host", "user-agent", "accept", "x-one", "x-two"].map(of))
        })?;
        let (_, address) = serve(&app).await?;
        let base = format!("http://{address}");
        let session = ClientSession::builder()
            .base_url(&base)
            .header("X-One", "1")
            .header("X-Two", "2")
            .build();
        let said: Vec<String> = session.get("/").header("X-Two", "22").await?.json().await?;
        let agent = concat!("kolo-http/", env!("CARGO_PKG_VERSION"));
        assert_eq!(said, [&*address.to_string(), agent, "*/*", "1", "22"]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn many_requests_of_one_session_go_side_by_side() {
    run(async {
        let (session, base) = echoing().await?;
        let one = |number: u32| {
            let request = session.get(format!("{base}/{number}"));
            async move { Ok(request.await?.json::<Vec<String>>().await?[0].clone()) }
        };
        let seen = gather((0..200).map(one)).await?;
        assert_eq!(seen, (0..200).map(|number| format!("GET /{number}")).collect::<Vec<_>>());
        Ok(())
    })
    .unwrap();
}

#[test]
fn urls_are_read_and_joined() {
    let url = |text: &str| Url::parse(text).map(|url| url.to_string());
    assert_eq!(url("HTTP://Example.COM").unwrap(), "http://example.com/");
    assert_eq!(url("http://h:81?q=ё#f").unwrap(), "http://h:81/?q=%D1%91");
    let six = Url::parse("http://[::1]:8080/x").unwrap();
    assert_eq!((six.host(), six.port()), ("::1", 8080));
    assert_eq!(Url::parse("https://[::1]/x").unwrap().port(), 443);
    for wrong in [
        "",
        "/path",
        "example.com",
        "ftp://example.com",
        "http://",
        "http:///x",
        "http://:80/",
        "http://a:b@c/",
        "http://ж/",
        "http://h:70000/",
    ] {
        assert!(Url::parse(wrong).is_err(), "{wrong}");
    }
    let base = Url::parse("http://h/a/b/c?x=1").unwrap();
    for (reference, joined) in [
        ("d", "http://h/a/b/d"),
        ("./d/", "http://h/a/b/d/"),
        ("../d", "http://h/a/d"),
        ("../../../d", "http://h/d"),
        ("/d?y=2", "http://h/d?y=2"),
        ("?y=2", "http://h/a/b/c?y=2"),
        ("#top", "http://h/a/b/c?x=1"),
        ("//other/d", "http://other/d"),
        ("https://other:1/d", "https://other:1/d"),
    ] {
        assert_eq!(base.join(reference).unwrap().to_string(), joined);
    }
}

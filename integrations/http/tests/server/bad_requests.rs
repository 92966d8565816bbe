//! Requests that are none, or mean harm.

use kolo::http::web::{Application, Request, Response};
use kolo::{Result, run};

use crate::support::{first_line, raw, reports, serve};

async fn echo(mut request: Request) -> Result<Response> {
    let body = request.text().await?;
    Ok(Response::new(format!("{} {body}", request.path())))
}

fn app() -> Result<Application> {
    let app = Application::new();
    app.route(None, "/{rest:.*}", echo)?;
    Ok(app)
}

#[test]
fn what_is_no_request_is_a_400_and_nobody_is_bothered() {
    run(async {
        let reports = reports();
        let (_, address) = serve(&app()?).await?;
        for request in [
            "nonsense\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/3.0\r\n\r\n",
            "GET /\u{1} HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: five\r\n\r\nhello",
            "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let answer = raw(address, request).await?;
            assert!(first_line(&answer).contains(" 400 Bad Request"), "{request:?}: {answer:?}");
        }
        let answer = raw(address, "GET / HTTP/1.0\r\n\r\n").await?;
        assert_eq!(first_line(&answer), "HTTP/1.0 200 OK");
        assert_eq!(reports.take(), [""; 0]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn two_lengths_are_refused_in_any_order_and_behind_anything() {
    const INNER: &str = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    run(async {
        let (_, address) = serve(&app()?).await?;
        let length = format!("content-length: {}\r\n", INNER.len());
        let chunked = "Transfer-Encoding: chunked\r\n";
        for lengths in [
            format!("{length}{chunked}"),
            format!("{chunked}{length}"),
            format!("{length}X: y\r\n{chunked}"),
            format!("{}{}", length.to_uppercase(), chunked.to_uppercase()),
            format!("{chunked}Content-Length: nonsense\r\n"),
            format!("{length}Content-Length: 3\r\n"),
            format!("{length}TRANSFER-encoding:\tchunked\n"),
        ] {
            for before in [
                "",
                "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
            ] {
                let request = format!("{before}POST /c HTTP/1.1\r\nHost: x\r\n{lengths}\r\n{INNER}");
                let answer = raw(address, request).await?;
                assert!(answer.contains("HTTP/1.1 400 Bad Request"), "{lengths:?}: {answer}");
                assert!(
                    !answer.contains("smuggled") && !answer.contains("/c"),
                    "{lengths:?}: {answer}"
                );
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_length_each_is_fine_on_one_connection() {
    run(async {
        let (_, address) = serve(&app()?).await?;
        let chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        let lengthy = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
        let last = "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = raw(address, [lengthy, chunked, lengthy, chunked, last].concat()).await?;
        let found: Vec<&str> = ["/a abc", "/b abc", "/c "]
            .into_iter()
            .filter(|part| answer.contains(part))
            .collect();
        assert_eq!((found.len(), answer.matches("200 OK").count()), (3, 5), "{answer}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn heads_that_are_too_long_are_refused() {
    run(async {
        let (_, address) = serve(&app()?).await?;
        let head = |length: usize| {
            let rest = "GET /a HTTP/1.1\r\nConnection: close\r\nX: \r\n\r\n".len();
            format!(
                "GET /a HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n",
                "x".repeat(length - rest)
            )
        };
        assert_eq!(first_line(&raw(address, head(8190)).await?), "HTTP/1.1 200 OK");
        assert_eq!(
            first_line(&raw(address, head(8191)).await?),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
        assert_eq!(
            first_line(&raw(address, many).await?),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
        let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
        assert!(first_line(&raw(address, path).await?).starts_with("HTTP/1.1 4"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_head_without_an_end_is_not_read_for_ever() {
    run(async {
        let (_, address) = serve(&app()?).await?;
        let (reader, writer) = kolo::open_connection(address).await?;
        writer.write("GET / HTTP/1.1\r\nX: ")?;
        let answer = kolo::create_task(async move { reader.read_line().await });
        let mut sent = 0u64;
        while !answer.done() {
            writer.write(vec![b'x'; 1 << 16])?;
            writer.drain().await?;
            kolo::sleep(0).await?;
            sent += 1 << 16;
        }
        assert_eq!(answer.await?, b"HTTP/1.1 431 Request Header Fields Too Large\r\n");
        // What the system buffers, and no more.
        assert!(sent < 50 << 20, "{sent} bytes of a head were taken");
        Ok(())
    })
    .unwrap();
}

//! Requests that come in pieces, and several in one.

use kolo::http::web::{Application, Request, Response};
use kolo::{Result, open_connection, sleep, testing};

use crate::support::{raw, serve};

const REQUEST: &str = "POST /user/ada?x=1 HTTP/1.1\r\nHost: example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                       3\r\nabc\r\n0A;ext=1\r\n0123456789\r\n0\r\n\r\n";

async fn echo(mut request: Request) -> Result<Response> {
    let body = request.text().await?;
    Ok(Response::new(format!(
        "{} {:?} {body}",
        request.match_info("name")?,
        request.query("x")
    )))
}

fn app() -> Result<Application> {
    let app = Application::new();
    app.post("/user/{name}", echo)?;
    Ok(app)
}

#[test]
fn a_request_may_be_cut_at_every_byte() {
    testing::run(async {
        let (_, address) = serve(&app()?).await?;
        for at in 1..REQUEST.len() {
            let (reader, writer) = open_connection(address).await?;
            let (first, second) = REQUEST.split_at(at);
            writer.write(first)?;
            // Enough for the first piece to be there and looked at.
            for _ in 0..8 {
                sleep(0).await?;
            }
            writer.write(second)?;
            let answer = String::from_utf8(reader.read_to_end().await?)?;
            assert!(answer.ends_with("ada Some(\"1\") abc0123456789"), "cut at {at}: {answer}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_request_may_come_byte_by_byte() {
    testing::run(async {
        let (_, address) = serve(&app()?).await?;
        let (reader, writer) = open_connection(address).await?;
        for byte in REQUEST.bytes() {
            writer.write([byte])?;
            for _ in 0..4 {
                sleep(0).await?;
            }
        }
        let answer = String::from_utf8(reader.read_to_end().await?)?;
        assert!(answer.ends_with("ada Some(\"1\") abc0123456789"), "{answer}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn requests_that_come_together_are_answered_one_after_the_other() {
    testing::run(async {
        let app = Application::new();
        app.get("/{delay}", async |request| {
            let delay: f64 = request.match_info("delay")?.parse()?;
            sleep(delay).await?;
            Ok(format!("<{delay}>"))
        })?;
        let (_, address) = serve(&app).await?;
        let delays = ["0.03", "0", "0.02", "0.01"];
        let together: String = delays
            .map(|delay| format!("GET /{delay} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .concat();
        let last = "GET /0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = raw(address, together + last).await?;
        let bodies: Vec<&str> = answer.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
        assert_eq!(bodies, ["0.03", "0", "0.02", "0.01", "0"]);
        Ok(())
    })
    .unwrap();
}

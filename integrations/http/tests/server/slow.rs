//! Clients that are slow, or stand still: on the virtual clock.

use kolo::http::web::{Application, Limits, Request, Response};
use kolo::{Result, StreamReader, StreamWriter, create_task, open_connection, running_loop, sleep, testing};

use crate::support::{first_line, serve, serve_with};

fn app() -> Result<Application> {
    let app = Application::new();
    app.get("/", async |_| Ok("hello"))?;
    app.post("/", async |mut request: Request| Ok(request.read().await?.len().to_string()))?;
    app.get("/large", async |_| Ok(Response::new(vec![0; 50 << 20])))?;
    Ok(app)
}

/// Sends one byte a second until the server answers or closes.
async fn drip(reader: &StreamReader, writer: &StreamWriter, bytes: String) -> Result<String> {
    let writer = writer.clone();
    let dripping = create_task(async move {
        for byte in bytes.bytes() {
            writer.write([byte])?;
            sleep(1).await?;
        }
        Ok(())
    });
    let answer = reader.read_to_end().await?;
    dripping.cancel();
    Ok(String::from_utf8(answer)?)
}

#[test]
fn a_head_has_to_come_in_time_however_it_drips() {
    testing::run(async {
        let (_, address) = serve(&app()?).await?;
        let (reader, writer) = open_connection(address).await?;
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(500));
        assert_eq!(drip(&reader, &writer, long).await?, "");
        let took = running_loop().time();
        assert!((75.0..90.0).contains(&took), "{took}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_connection_that_is_not_used_is_closed() {
    testing::run(async {
        let (_, address) = serve_with(
            &app()?,
            Limits {
                head_time: 10.0,
                ..Limits::default()
            },
        )
        .await?;
        let (reader, writer) = open_connection(address).await?;
        assert_eq!(reader.read_to_end().await?, b"");
        assert!((9.9..11.0).contains(&running_loop().time()));
        drop(writer);

        let (reader, writer) = open_connection(address).await?;
        for _ in 0..3 {
            // Each request begins it anew.
            writer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
            reader.read_until("hello").await?;
            sleep(8).await?;
        }
        let before = running_loop().time();
        assert_eq!(reader.read_to_end().await?, b"");
        let took = running_loop().time() - before;
        assert!((1.5..3.0).contains(&took), "{took}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_has_to_go_on_and_to_come_to_its_end() {
    testing::run(async {
        let limits = Limits {
            body_time: 60.0,
            read_time: 10.0,
            ..Limits::default()
        };
        let (_, address) = serve_with(&app()?, limits).await?;
        let (reader, writer) = open_connection(address).await?;
        writer.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc")?;
        let answer = reader.read_until("Request Timeout").await?;
        assert!(answer.starts_with(b"HTTP/1.1 408 "));
        let took = running_loop().time();
        assert!((10.0..11.0).contains(&took), "{took}");

        let (reader, writer) = open_connection(address).await?;
        writer.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n")?;
        let answer = drip(&reader, &writer, "x".repeat(500)).await?;
        assert_eq!(first_line(&answer), "HTTP/1.1 408 Request Timeout");
        let took = running_loop().time() - took;
        assert!((60.0..80.0).contains(&took), "{took}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_client_that_takes_nothing_is_closed() {
    testing::run(async {
        let (runner, address) = serve(&app()?).await?;
        let (reader, writer) = open_connection(address).limit(1024).await?;
        writer.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n")?;
        reader.read_until("\r\n\r\n").await?;
        sleep(100).await?;
        // Nothing is under way any more, which would be waited for.
        let before = running_loop().time();
        runner.cleanup().await?;
        assert!(running_loop().time() - before < 1.0);
        drop(writer);
        Ok(())
    })
    .unwrap();
}

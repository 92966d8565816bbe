//! A web server with one route, which answers with JSON. Notes: "Aiohttp / Первый сервер".

use std::collections::HashMap;
use std::rc::Rc;

use kolo::{Result, StreamReader, StreamWriter, open_connection, run, sleep, start_server};

mod utils;

type Handler = fn() -> String;

/// Of the path `/time`: the time of day.
fn time() -> String {
    let now = utils::now();
    let (date, time) = now.split_once(' ').unwrap_or_default();
    let (month, day) = date[5..].split_once('-').unwrap_or_default();
    let number = |digits: &str| digits.trim_start_matches('0').to_owned();
    format!(r#"{{"month": {}, "day": {}, "time": "{time}"}}"#, number(month), number(day))
}

/// In place of aiohttp's server: answers a request from the table of routes.
async fn serve(routes: Rc<HashMap<&str, Handler>>, reader: StreamReader, writer: StreamWriter) -> Result<()> {
    let head = String::from_utf8(reader.read_until("\r\n\r\n").await?)?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, kind, body) = match routes.get(path) {
        Some(handler) => ("200 OK", "application/json", handler()),
        None => ("404 Not Found", "text/plain", String::from("404: Not Found")),
    };
    let length = body.len();
    writer.write(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ))?;
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

/// In place of a browser.
async fn get(port: u16, path: &str) -> Result<()> {
    let (reader, writer) = open_connection(("127.0.0.1", port)).await?;
    writer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))?;
    let answer = String::from_utf8(reader.read_to_end().await?)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    println!("{} | {body}", head.lines().next().unwrap_or_default());
    writer.close();
    writer.wait_closed().await
}

fn main() -> Result<()> {
    run(async {
        let routes = Rc::new(HashMap::from([("/time", time as Handler)]));
        let handler = move |reader, writer| serve(routes.clone(), reader, writer);
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let port = server.addresses()[0].port().expect("of TCP");
        get(port, "/time").await?;
        sleep(90.5).await?;
        get(port, "/time").await?;
        get(port, "/nothing").await?;
        server.close();
        server.wait_closed().await
    })
}

//! A web server with one route, which answers with JSON. Notes: "Aiohttp / Первый сервер".

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kolo::http::ClientSession;
use kolo::http::web::{AppRunner, Application, Request, Response, Site, json_response};
use kolo::{Result, run, running_loop, sleep};
use serde::Serialize;

#[derive(Serialize)]
struct Now {
    day: u64,
    time: String,
}

/// When the program began: the virtual clock moves on from there.
struct Began(Duration);

async fn time(request: Request) -> Result<Response> {
    let now = request.state::<Began>()?.0 + Duration::from_secs_f64(running_loop().time());
    let seconds = now.as_secs();
    json_response(&Now {
        day: seconds / 86_400,
        time: format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60),
    })
}

pub(crate) async fn ask(began: Duration) -> Result<Vec<String>> {
    let app = Application::new();
    app.set_state(Began(began));
    app.get("/time", time)?;
    let runner = AppRunner::new(&app);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;

    // In place of a browser.
    let base = format!("http://{}", address.inet().expect("of TCP"));
    let session = ClientSession::builder().base_url(&base).build();
    let mut lines = Vec::new();
    for (path, pause) in [("/time", 90.0), ("/time", 0.0), ("/nothing", 0.0)] {
        let mut response = session.get(path).await?;
        let line = format!("HTTP/1.1 {} {} | ", response.status(), response.reason());
        lines.push(line + &response.text().await?);
        sleep(pause).await?;
    }
    runner.cleanup().await?;
    Ok(lines)
}

#[allow(dead_code, reason = "the tests have a main of their own")]
fn main() -> Result<()> {
    run(async {
        let began = SystemTime::now().duration_since(UNIX_EPOCH)?;
        ask(began).await?.iter().for_each(|line| println!("{line}"));
        Ok(())
    })
}

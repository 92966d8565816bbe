//! Answers as they come, and one that cannot. Notes: "Обработка результатов по мере поступления", "Обработка исключений при использовании wait".

use kolo::http::ClientSession;
use kolo::http::web::{AppRunner, Application, Site};
use kolo::{Result, as_completed, create_task, run, sleep, wait};

async fn fetch_status(session: ClientSession, url: String, delay: u32) -> Result<u16> {
    sleep(delay).await?;
    let response = session.get(&url).await?;
    Ok(response.status())
}

pub(crate) async fn fetch() -> Result<Vec<String>> {
    let app = Application::new();
    app.get("/", async |_| Ok("<h1>Example Domain</h1>"))?;
    let runner = AppRunner::new(&app);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    let (url, session) = (format!("http://{}/", address.inet().expect("of TCP")), ClientSession::new());
    let mut lines = Vec::new();

    let mut finished = as_completed([1, 1, 10].map(|delay| fetch_status(session.clone(), url.clone(), delay)));
    while let Some(status) = finished.next().await {
        lines.push(status?.to_string());
    }

    let good_request = create_task(fetch_status(session.clone(), url, 0));
    let bad_request = create_task(fetch_status(session, "python://bad".into(), 0));
    let (done, pending) = wait([good_request, bad_request]).await?;
    lines.push(format!("Число завершившихся задач: {}", done.len()));
    lines.push(format!("Число ожидающих задач: {}", pending.len()));
    for task in done {
        match task.error()? {
            None => lines.push(task.result()?.to_string()),
            Some(error) => lines.push(format!("ERROR: {error}")),
        }
    }
    runner.cleanup().await?;
    Ok(lines)
}

#[allow(dead_code, reason = "the tests have a main of their own")]
fn main() -> Result<()> {
    run(async {
        fetch().await?.iter().for_each(|line| println!("{line}"));
        Ok(())
    })
}

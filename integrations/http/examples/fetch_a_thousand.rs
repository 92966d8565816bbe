//! Of a thousand requests ten are under way at a time. Notes: "Ограничение уровня конкурентности на уровне семафоров".

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo::http::ClientSession;
use kolo::http::web::{AppRunner, Application, Site};
use kolo::{Result, Semaphore, gather, run, sleep};

/// What is printed: the tests look at it, too.
type Lines = Rc<RefCell<Vec<&'static str>>>;

async fn get_url(url: String, session: ClientSession, semaphore: Semaphore, lines: Lines) -> Result<u16> {
    lines.borrow_mut().push("Жду возможности захватить семафор");
    let held = semaphore.hold().await?;
    lines.borrow_mut().push("Семафор захвачен. Отправляю запрос.");
    let mut response = session.get(&url).await?;
    response.read().await?; // so that its connection is kept
    lines.borrow_mut().push("Запрос завершён");
    drop(held);
    Ok(response.status())
}

/// In place of www.example.com. No two answers come at the same time: their order is certain.
fn example_com() -> Result<Application> {
    let (app, served) = (Application::new(), Cell::new(0.0));
    app.get("/", async move |_| {
        let number = served.get();
        served.set(number + 1.0);
        sleep(0.1 + 0.001 * number).await?;
        Ok("<h1>Example Domain</h1>")
    })?;
    Ok(app)
}

pub(crate) async fn fetch() -> Result<Vec<&'static str>> {
    let runner = AppRunner::new(&example_com()?);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    let url = format!("http://{}/", address.inet().expect("of TCP"));

    let (session, semaphore, lines) = (ClientSession::new(), Semaphore::new(10)?, Lines::default());
    let tasks = (0..1000).map(|_| get_url(url.clone(), session.clone(), semaphore.clone(), lines.clone()));
    gather(tasks).await?;
    runner.cleanup().await?;
    Ok(lines.take())
}

#[allow(dead_code, reason = "the tests have a main of their own")]
fn main() -> Result<()> {
    run(async {
        fetch().await?.iter().for_each(|line| println!("{line}"));
        Ok(())
    })
}

//! Every line of a server's log names the request that it belongs to, by a context variable that a middleware sets. Notes: "Context var".

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo::http::ClientSession;
use kolo::http::web::{AppRunner, Application, Next, Request, Response, Site};
use kolo::{ContextVar, Result, gather, run, sleep};

static REQUEST_ID: ContextVar<String> = ContextVar::new("request_id");

/// The log, and how many requests there were.
#[derive(Default)]
struct Log {
    lines: RefCell<Vec<String>>,
    requests: Cell<u32>,
}

impl Log {
    fn say(&self, message: &str) {
        let id = REQUEST_ID.get().unwrap_or_else(|| "-".into());
        self.lines.borrow_mut().push(format!("[{id}] {message}"));
    }
}

/// Gives each request an id, or leaves it the one that it comes with; the answer says which.
async fn with_id(request: Request, next: Next) -> Result<Response> {
    let log = request.state::<Rc<Log>>()?;
    log.requests.set(log.requests.get() + 1);
    let id = request
        .header("x-request-id")
        .map_or_else(|| log.requests.get().to_string(), str::to_owned);
    REQUEST_ID.set(id.clone());
    log.say(&format!("{} {}", request.method(), request.path()));
    let outcome = next.run(request).await;
    log.say(if outcome.is_ok() { "answered" } else { "failed" });
    outcome?.with_header("x-request-id", id)
}

/// Knows nothing of requests, and logs with their ids all the same: tasks inherit the context.
async fn query(log: Rc<Log>, what: &'static str, seconds: f64) -> Result<()> {
    log.say(&format!("query {what}"));
    sleep(seconds).await?;
    log.say(&format!("rows of {what}"));
    Ok(())
}

async fn orders(request: Request) -> Result<Response> {
    let log = Rc::clone(&*request.state::<Rc<Log>>()?);
    gather([query(log.clone(), "users", 0.2), query(log, "orders", 0.1)]).await?;
    Ok(Response::new("3 orders"))
}

pub(crate) async fn serve_and_ask() -> Result<Vec<String>> {
    let (app, log) = (Application::new(), Rc::new(Log::default()));
    app.set_state(log.clone());
    app.middleware(with_id);
    app.get("/orders", orders)?;
    let runner = AppRunner::new(&app);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;

    let base = format!("http://{}", address.inet().expect("of TCP"));
    let session = ClientSession::builder().base_url(&base).build();
    log.say("begins");
    let first = session.get("/orders");
    let second = session.get("/orders").header("x-request-id", "from-outside");
    gather([ask(first.send(), 0.0), ask(second.send(), 0.05)]).await?;
    log.say("ends");
    runner.cleanup().await?;
    Ok(log.lines.take())
}

async fn ask(request: impl Future<Output = Result<kolo::http::Response>>, delay: f64) -> Result<()> {
    sleep(delay).await?;
    request.await?.text().await.map(drop)
}

#[allow(dead_code, reason = "the tests have a main of their own")]
fn main() -> Result<()> {
    run(async {
        serve_and_ask().await?.iter().for_each(|line| println!("{line}"));
        Ok(())
    })
}

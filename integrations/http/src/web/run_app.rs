//! `run_app`: a program that is a server.

use kolo_executor::{Promise, Result, run};
use kolo_net::Hosts;
use kolo_os::{add_signal_handler, remove_signal_handler};

use crate::web::application::Application;
use crate::web::runner::{AppRunner, Site};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// Runs an application at these hosts and this port, in a loop of its own, until Ctrl-C or a SIGTERM ends it: in good order, as
/// [`AppRunner::cleanup`] does. Mirrors `aiohttp.web.run_app`, and says where it runs, as that does.
///
/// ```no_run
/// use kolo::http::web::{Application, run_app};
///
/// fn main() -> kolo::Result<()> {
///     let app = Application::new();
///     app.get("/", async |_| Ok("hello"))?;
///     run_app(&app, ("127.0.0.1", 8080))
/// }
/// ```
///
/// # Errors
/// Io, when the port is taken; the application's own; Runtime, when a loop runs already.
#[track_caller]
pub fn run_app(app: &Application, at: impl Into<Hosts>) -> Result<()> {
    let (runner, at) = (AppRunner::new(app), at.into());
    run(async move {
        let served = serve_until_told(&runner, at).await;
        let cleaned = runner.cleanup().await;
        served.and(cleaned)
    })
}

async fn serve_until_told(runner: &AppRunner, at: Hosts) -> Result<()> {
    let told: Promise<()> = Promise::new();
    for signal in [SIGINT, SIGTERM] {
        let told = told.clone();
        add_signal_handler(signal, move || drop(told.set_result(())))?;
    }
    let started = Site::tcp(runner, at).start().await;
    if started.is_ok() {
        for address in runner.addresses() {
            if let Some(address) = address.inet() {
                println!("======== Running on http://{address} ========");
            }
        }
        println!("(Press CTRL+C to quit)");
    }
    let served = match started {
        Ok(_) => told.await,
        Err(error) => Err(error),
    };
    for signal in [SIGINT, SIGTERM] {
        remove_signal_handler(signal)?;
    }
    served
}

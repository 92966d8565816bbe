//! A backend for a frontend: one request made of several to real services, with timeouts for the optional ones, and a circuit breaker before one that
//! is ill. Notes: in prose, on backend-for-frontend and "Прерыватель".

use std::cell::Cell;

use futures_util::future::join3;
use kolo::http::web::{AppRunner, Application, HttpError, Request, Response, Site, json_response};
use kolo::http::{ClientSession, ClientTimeout};
use kolo::{Error, Result, gather, run, running_loop, sleep};
use serde::Serialize;

const TIMEOUT: f64 = 1.0;
const MAX_FAILURES: u32 = 2;
const RESET: f64 = 10.0;

/// Fails at once, without asking, for a while after some failures.
#[derive(Default)]
struct CircuitBreaker {
    failures: Cell<u32>,
    last_failure: Cell<f64>,
}

impl CircuitBreaker {
    async fn call<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        let now = running_loop().time();
        if self.failures.get() >= MAX_FAILURES {
            if now < self.last_failure.get() + RESET {
                return Err(Error::other("the circuit is open"));
            }
            self.failures.set(MAX_FAILURES - 1); // half open: one attempt
        }
        let outcome = request.await;
        match &outcome {
            Ok(_) => self.failures.set(0),
            Err(_) => {
                self.failures.set(self.failures.get() + 1);
                self.last_failure.set(running_loop().time());
            }
        }
        outcome
    }
}

/// The service's state: whom it asks, and what it knows of one of them.
struct Backends {
    session: ClientSession,
    base: String,
    cart: CircuitBreaker,
}

impl Backends {
    async fn ask(&self, path: &str) -> Result<Vec<String>> {
        let request = self.session.get(format!("{}{path}", self.base));
        request
            .timeout(ClientTimeout::total(TIMEOUT))
            .raise_for_status(true)
            .await?
            .json()
            .await
    }
}

#[derive(Serialize)]
struct Page {
    products: Vec<String>,
    favourites: Option<Vec<String>>,
    /// Or why there is none.
    cart: Result<Vec<String>, String>,
}

/// Products there must be; whatever else comes in time is shown.
async fn page(request: Request) -> Result<Response> {
    let backends = request.state::<Backends>()?;
    let cart = backends.cart.call(backends.ask("/cart"));
    let (products, favourites, cart) = join3(backends.ask("/products"), backends.ask("/favourites"), cart).await;
    let products = products.map_err(|error| Error::from(HttpError::new(503).with_text(format!("no products: {error}"))))?;
    json_response(&Page {
        products,
        favourites: favourites.ok(),
        cart: cart.map_err(|error| {
            if error.is_timeout() {
                "too late".into()
            } else {
                error.to_string()
            }
        }),
    })
}

/// The services behind it. The cart's is slow at first.
fn services() -> Result<Application> {
    let (app, asked) = (Application::new(), Cell::new(0));
    app.get("/products", async |_| json_response(&["apple", "pear"]))?;
    app.get("/favourites", async |_| Err::<Response, _>(HttpError::new(500).into()))?;
    app.get("/cart", async move |_| {
        asked.set(asked.get() + 1);
        sleep(if asked.get() <= 2 { 5.0 } else { 0.1 }).await?;
        json_response(&["plum"])
    })?;
    Ok(app)
}

async fn serve(app: &Application) -> Result<(AppRunner, String)> {
    let runner = AppRunner::new(app);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    Ok((runner, format!("http://{}", address.inet().expect("of TCP"))))
}

/// Opens the page every second second, and then once more after a while.
pub(crate) async fn browse() -> Result<Vec<String>> {
    let (services, base) = serve(&services()?).await?;
    let app = Application::new();
    let session = ClientSession::new();
    app.set_state(Backends {
        session: session.clone(),
        base,
        cart: CircuitBreaker::default(),
    });
    app.get("/", page)?;
    let (frontend, url) = serve(&app).await?;
    let mut pages = Vec::new();
    for pause in [2.0, 2.0, 12.0, 0.0] {
        let began = running_loop().time();
        let text = session.get(&url).await?.text().await?;
        pages.push(format!("{:.0} s: {text}", (running_loop().time() - began).floor()));
        sleep(pause).await?;
    }
    gather([frontend.cleanup(), services.cleanup()]).await?;
    Ok(pages)
}

#[allow(dead_code, reason = "the tests have a main of their own")]
fn main() -> Result<()> {
    run(async {
        browse().await?.iter().for_each(|page| println!("{page}"));
        Ok(())
    })
}

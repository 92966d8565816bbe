//! What handlers do, and what becomes of those that fail, panic or are cancelled.

use std::cell::RefCell;
use std::rc::Rc;

use kolo::http::ClientSession;
use kolo::http::web::{AppRunner, Application, HttpError, Limits, Next, Request, Response, Site};
use kolo::{ContextVar, Error, Result, current_task, open_connection, sleep, testing};

use crate::support::{first_line, raw, reports, serve, serve_with};

const GET: &str = "GET / HTTP/1.0\r\n\r\n";

#[test]
fn an_error_or_a_panic_is_a_500_and_is_reported() {
    async fn panics(_: Request) -> Result<Response> {
        sleep(0).await?;
        panic!("oh")
    }
    testing::run(async {
        let reports = reports();
        let app = Application::new();
        app.get("/error", async |_| Err::<(), _>(Error::value("wrong")))?;
        app.get("/panic", panics)?;
        app.get("/http", async |_| {
            Err::<(), _>(HttpError::new(403).with_text("no").with_header("x-why", "because").into())
        })?;
        let (_, address) = serve(&app).await?;
        for (path, told) in [("/error", "wrong"), ("/panic", "oh")] {
            let answer = raw(address, format!("GET {path} HTTP/1.0\r\n\r\n")).await?;
            assert_eq!(first_line(&answer), "HTTP/1.0 500 Internal Server Error");
            assert!(answer.ends_with("500 Internal Server Error\n\nServer got itself in trouble"));
            assert_eq!(reports.take(), [format!("Error handling request: {told}")]);
        }
        let answer = raw(address, "GET /http HTTP/1.0\r\n\r\n").await?;
        assert_eq!(first_line(&answer), "HTTP/1.0 403 Forbidden");
        assert!(answer.contains("\r\nx-why: because\r\n") && answer.ends_with("no"));
        assert_eq!(reports.take(), [""; 0]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_that_fails_ends_the_connection_in_the_middle() {
    testing::run(async {
        let app = Application::new();
        app.get("/", async |_| {
            let pieces = [Ok("one"), Err(Error::value("no more"))];
            Ok(Response::new(kolo::http::Body::stream(futures_util::stream::iter(pieces))))
        })?;
        let (_, address) = serve(&app).await?;
        let answer = raw(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
        assert!(!answer.ends_with("0\r\n\r\n"), "it must not look whole: {answer:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_request_has_a_task_and_a_context_of_its_own() {
    static SEEN: ContextVar<u32> = ContextVar::new("seen");
    testing::run(async {
        SEEN.set(1);
        let app = Application::new();
        app.get("/", async |_| {
            let seen = SEEN.get();
            SEEN.set(2);
            let inner = kolo::create_task(async { Ok(SEEN.get()) }).await?;
            Ok(format!("{seen:?} {inner:?} {}", current_task().is_some()))
        })?;
        let (_, address) = serve(&app).await?;
        let session = ClientSession::new();
        for _ in 0..2 {
            // The second comes on the same connection.
            let mut response = session.get(format!("http://{address}/")).await?;
            assert_eq!(response.text().await?, "Some(1) Some(2) true");
        }
        assert_eq!(session.idle_connections(), 1);
        assert_eq!(SEEN.get(), Some(1));
        Ok(())
    })
    .unwrap();
}

#[test]
fn middlewares_stand_in_line_also_before_what_is_not_there() {
    async fn outer(request: Request, next: Next) -> Result<Response> {
        let outcome = next.run(request).await;
        let mut response = match outcome {
            Err(error) if error.downcast_ref::<HttpError>().is_some_and(|error| error.status() == 404) => {
                Response::new("nothing here").with_status(404)?
            }
            outcome => outcome?,
        };
        response.headers_mut().append("x-passed", "outer".parse()?);
        Ok(response)
    }
    testing::run(async {
        let app = Application::new();
        app.middleware(outer);
        app.middleware(async |request, next: Next| {
            let mut response = next.run(request).await?;
            response.headers_mut().append("x-passed", "inner".parse()?);
            Ok(response)
        });
        app.get("/", async |_| Ok("hello"))?;
        let (_, address) = serve(&app).await?;
        let answer = raw(address, GET).await?;
        assert!(answer.contains("x-passed: inner\r\nx-passed: outer\r\n"), "{answer}");
        let answer = raw(address, "GET /nowhere HTTP/1.0\r\n\r\n").await?;
        assert!(answer.starts_with("HTTP/1.0 404") && answer.ends_with("nothing here"));
        assert!(answer.contains("x-passed: outer\r\n"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_application_has_state_and_is_told_of_beginning_and_end() {
    struct Pool(RefCell<Vec<&'static str>>);
    testing::run(async {
        let app = Application::new();
        let said = Rc::new(RefCell::new(Vec::new()));
        app.on_startup(async |app: Application| {
            app.set_state(Pool(RefCell::new(vec!["pool"])));
            Ok(())
        });
        let (down, clean) = (said.clone(), said.clone());
        app.on_shutdown(async move |_| {
            down.borrow_mut().push("shutdown");
            Ok(())
        });
        app.on_cleanup(async move |app: Application| {
            clean.borrow_mut().push("cleanup");
            clean.borrow_mut().append(&mut app.state::<Pool>()?.0.borrow_mut());
            Ok(())
        });
        app.get("/", async |request| {
            let missing = request.state::<u32>().unwrap_err();
            assert!(missing.to_string().contains("u32"), "{missing}");
            Ok(request.state::<Pool>()?.0.borrow()[0])
        })?;
        let (runner, address) = serve(&app).await?;
        assert!(raw(address, GET).await?.ends_with("pool"));
        runner.cleanup().await?;
        runner.cleanup().await?;
        assert_eq!(said.take(), ["shutdown", "cleanup", "pool"]);
        assert!(Site::tcp(&runner, ("127.0.0.1", 0)).start().await.is_err());

        let failing = Application::new();
        failing.on_startup(async |_| Err(Error::other("no database")));
        let error = AppRunner::new(&failing).setup().await.unwrap_err();
        assert_eq!(error.to_string(), "no database");
        Ok(())
    })
    .unwrap();
}

/// An application whose handler notes how far it gets, and a client that goes while it is at it.
async fn deserted(limits: Limits) -> Result<Vec<&'static str>> {
    let said = Rc::new(RefCell::new(Vec::new()));
    let told = said.clone();
    let app = Application::new();
    app.get("/", async move |_| {
        told.borrow_mut().push("begins");
        let slept = sleep(0.2).await;
        told.borrow_mut().push(if slept.is_ok() { "ends" } else { "is cancelled" });
        slept
    })?;
    let (runner, address) = serve_with(&app, limits).await?;
    let (_reader, writer) = open_connection(address).await?;
    writer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
    sleep(0.1).await?;
    writer.abort();
    sleep(0.05).await?;
    // Waits for it, too.
    runner.cleanup().await?;
    Ok(said.take())
}

#[test]
fn a_handler_whose_client_has_gone_goes_on_unless_that_is_not_wanted() {
    testing::run(async {
        assert_eq!(deserted(Limits::default()).await?, ["begins", "ends"]);
        let limits = Limits {
            handler_cancellation: true,
            ..Limits::default()
        };
        assert_eq!(deserted(limits).await?, ["begins", "is cancelled"]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_handler_that_is_cancelled_ends_its_connection_alone() {
    testing::run(async {
        let reports = reports();
        let app = Application::new();
        app.get("/cancel", async |_| {
            assert!(current_task().is_some_and(|task| task.cancel()));
            sleep(1).await
        })?;
        app.get("/", async |_| Ok("hello"))?;
        let (_, address) = serve(&app).await?;
        assert_eq!(raw(address, "GET /cancel HTTP/1.1\r\nHost: x\r\n\r\n").await?, "");
        assert!(raw(address, GET).await?.ends_with("hello"));
        assert_eq!(reports.take(), [""; 0]);
        Ok(())
    })
    .unwrap();
}

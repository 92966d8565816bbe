//! How a server ends.

use std::cell::RefCell;
use std::rc::Rc;

use kolo::http::ClientSession;
use kolo::http::web::{Application, Limits};
use kolo::{Result, create_task, open_connection, running_loop, sleep, testing};

use crate::support::{raw, serve, serve_with};

/// Takes so many seconds, and notes it.
fn app() -> Result<(Application, Rc<RefCell<Vec<String>>>)> {
    let said = Rc::new(RefCell::new(Vec::new()));
    let app = Application::new();
    let told = said.clone();
    app.get("/{delay}", async move |request| {
        let delay = request.match_info("delay")?;
        let slept = sleep(delay.parse::<f64>()?).await;
        told.borrow_mut()
            .push(format!("{delay} {}", if slept.is_ok() { "ended" } else { "was cancelled" }));
        slept?;
        Ok(delay.to_owned())
    })?;
    Ok((app, said))
}

#[test]
fn requests_under_way_are_answered_and_new_connections_refused() {
    testing::run(async {
        let (app, said) = app()?;
        let (runner, address) = serve(&app).await?;
        let session = ClientSession::new();
        session.get(format!("http://{address}/0")).await?.read().await?; // an idle connection
        let request = session.get(format!("http://{address}/5"));
        let under_way = create_task(async { request.await?.text().await });
        let pipelined = create_task(raw(
            address,
            "GET /4 HTTP/1.1\r\nHost: x\r\n\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\n",
        ));
        sleep(1).await?;
        let ending = create_task(runner.cleanup());
        sleep(1).await?;
        assert!(open_connection(address).await.is_err());
        assert!(!ending.done());
        assert_eq!(under_way.await?, "5");
        let answer = pipelined.await?;
        assert!(
            answer.contains("connection: close\r\n") && answer.ends_with("\r\n\r\n4"),
            "{answer}"
        );
        ending.await?;
        assert_eq!(said.take(), ["0 ended", "4 ended", "5 ended"]);
        assert!(running_loop().time() < 6.0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_takes_too_long_is_cancelled() {
    testing::run(async {
        let (app, said) = app()?;
        let (runner, address) = serve_with(
            &app,
            Limits {
                shutdown: 3.0,
                ..Limits::default()
            },
        )
        .await?;
        let cut = create_task(raw(address, "GET /1000 HTTP/1.1\r\nHost: x\r\n\r\n"));
        sleep(1).await?;
        runner.cleanup().await?;
        assert_eq!(said.take(), ["1000 was cancelled"]);
        assert_eq!(cut.await?, "");
        let took = running_loop().time();
        assert!((4.0..5.0).contains(&took), "{took}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn idle_connections_and_half_a_head_do_not_hold_it_up() {
    testing::run(async {
        let (app, _) = app()?;
        let (runner, address) = serve(&app).await?;
        let (idle, _writer) = open_connection(address).await?;
        let (half, writer) = open_connection(address).await?;
        writer.write("GET / HT")?;
        sleep(1).await?;
        runner.cleanup().await?;
        assert!(running_loop().time() < 70.0);
        assert_eq!(idle.read_to_end().await?, b"");
        let _ = half.read_to_end().await;
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_program_that_ends_takes_its_server_with_it() {
    let said = testing::run(async {
        let (app, said) = app()?;
        let (_, address) = serve(&app).await?;
        create_task(raw(address, "GET /1000 HTTP/1.1\r\nHost: x\r\n\r\n"));
        sleep(0.05).await?;
        Ok(said)
    });
    assert_eq!(said.unwrap().take(), ["1000 was cancelled"]);
}

//! Timeouts, on the virtual clock.

use kolo::http::web::{Application, Response};
use kolo::http::{Body, ClientSession, ClientTimeout};
use kolo::{Result, running_loop, sleep, testing};

use crate::support::serve;

/// Pieces, so many seconds apart.
fn drip(delay: f64, count: u32) -> Body {
    Body::stream(futures_util::stream::unfold(0, move |n| async move {
        if n == count {
            return None;
        }
        Some((sleep(delay).await.map(|()| "x"), n + 1))
    }))
}

async fn slow() -> Result<String> {
    let app = Application::new();
    app.route(None, "/head", async |_| {
        sleep(20).await?;
        Ok("late")
    })?;
    app.get("/body", async |_| Ok(Response::new(drip(4.0, 10))))?;
    app.post("/read", async |mut request: kolo::http::web::Request| {
        Ok(request.read().await?.len().to_string())
    })?;
    let (_, address) = serve(&app).await?;
    Ok(format!("http://{address}"))
}

fn limits(total: Option<f64>, sock_read: Option<f64>) -> ClientTimeout {
    ClientTimeout {
        total,
        sock_read,
        ..ClientTimeout::default()
    }
}

#[test]
fn the_total_is_that_of_head_and_body() {
    testing::run(async {
        let base = slow().await?;
        let session = ClientSession::builder()
            .base_url(&base)
            .timeout(ClientTimeout::total(10.0))
            .build();
        let error = session.get("/head").await.map(drop).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!((running_loop().time() - 10.0).abs() < 0.1);

        let began = running_loop().time();
        let mut response = session.get("/body").await?;
        let error = response.read().await.map(drop).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!((running_loop().time() - began - 10.0).abs() < 0.1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_pause_is_as_long_as_it_may_be() {
    testing::run(async {
        let base = slow().await?;
        let patient = ClientSession::builder()
            .base_url(&base)
            .timeout(limits(None, Some(5.0)))
            .build();
        assert_eq!(patient.get("/body").await?.read().await?.len(), 10);
        let error = patient.get("/head").await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "Timeout on reading data from socket");
        let hasty = patient.get("/body").timeout(limits(None, Some(3.0)));
        let error = hasty.await?.read().await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "Timeout on reading data from socket");
        // What takes its time is the request, not the answer.
        let mut slowly = patient.post("/read").body(drip(8.0, 3)).await?;
        assert_eq!(slowly.text().await?, "3");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_connection_is_waited_for_as_long_as_it_may_be() {
    testing::run(async {
        let base = slow().await?;
        let session = ClientSession::builder().base_url(&base).limit(1).build();
        let held = session.get("/body").await?;
        let limit = ClientTimeout {
            connect: Some(2.0),
            ..ClientTimeout::default()
        };
        let error = session.get("/head").timeout(limit).await.map(drop).unwrap_err();
        assert!(error.is_timeout());
        assert!(
            error
                .to_string()
                .ends_with(&format!("Connection timeout to host {base}/head")),
            "{error}"
        );
        drop(held);
        assert_eq!(session.get("/head").timeout(limit).await?.text().await?, "late");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_that_is_read_can_be_cancelled_and_read_on() {
    testing::run(async {
        let app = Application::new();
        app.get("/", async |_| Ok(Response::new(drip(0.05, 3))))?;
        let (_, address) = serve(&app).await?;
        let mut response = ClientSession::new().get(format!("http://{address}/")).await?;
        let late = kolo::timeout(0.01, response.content_mut().chunk()).await;
        assert!(late.unwrap_err().is_timeout());
        assert_eq!(response.text().await?, "xxx");
        Ok(())
    })
    .unwrap();
}

//! Where answers lead, and with what.

use futures_util::stream;
use kolo::http::web::{Application, Request, Response, json_response};
use kolo::http::{Body, ClientError, ClientSession};
use kolo::{Result, run};

use crate::support::serve;

/// `/307/end` answers with a 307 that leads to `/end`.
async fn lead(request: Request) -> Result<Response> {
    let status = request.match_info("status")?.parse()?;
    let to = request.match_info("to")?;
    Response::new(())
        .with_status(status)?
        .with_header("Location", format!("/{to}"))
}

async fn end(mut request: Request) -> Result<Response> {
    let authorization = request.header("authorization").unwrap_or("-").to_owned();
    json_response(&[request.method().to_string(), request.text().await?, authorization])
}

fn leading() -> Result<Application> {
    let app = Application::new();
    app.route(None, "/end", end)?;
    app.route(None, "/{status}/{to:.*}", lead)?;
    Ok(app)
}

#[test]
fn the_method_and_the_body_follow_aiohttps_rules() {
    run(async {
        let (_, address) = serve(&leading()?).await?;
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        for (status, method, then, body) in [
            (301, "POST", "GET", ""),
            (302, "POST", "GET", ""),
            (303, "POST", "GET", ""),
            (303, "PUT", "GET", ""),
            (301, "PUT", "PUT", "x"),
            (307, "POST", "POST", "x"),
            (308, "POST", "POST", "x"),
        ] {
            let request = session.request(method.parse()?, format!("/{status}/end")).body("x");
            let mut response = request.await?;
            let said: Vec<String> = response.json().await?;
            assert_eq!(said[..2], [then, body], "{status} {method}");
            assert_eq!(response.url().path(), "/end");
            assert_eq!(response.history().len(), 1);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn too_many_redirects_are_an_error_and_none_are_followed_unless_wanted() {
    run(async {
        let (_, address) = serve(&leading()?).await?;
        let base = format!("http://{address}");
        let session = ClientSession::builder().base_url(&base).build();
        let nine = format!("{}/end", "/302".repeat(9));
        assert_eq!(session.get(&nine).await?.history().len(), 9);
        let ten = format!("{}/end", "/302".repeat(10));
        let error = session.get(&ten).await.map(drop).unwrap_err();
        assert!(
            matches!(ClientError::of(&error), Some(ClientError::TooManyRedirects { .. })),
            "{error}"
        );
        assert_eq!(error.to_string(), format!("0, message='', url='{base}{ten}'"));

        assert_eq!(session.get("/302/end").allow_redirects(false).await?.status(), 302);
        assert_eq!(session.head("/302/end").await?.status(), 302);
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_server_does_not_get_the_password() {
    run(async {
        let (_, other) = serve(&leading()?).await?;
        let app = leading()?;
        app.get("/away", async move |_| {
            Response::new(())
                .with_status(302)?
                .with_header("Location", format!("http://{other}/end"))
        })?;
        let (_, address) = serve(&app).await?;
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        let same: Vec<String> = session
            .get("/302/end")
            .header("Authorization", "secret")
            .await?
            .json()
            .await?;
        assert_eq!(same[2], "secret");
        let away: Vec<String> = session.get("/away").header("Authorization", "secret").await?.json().await?;
        assert_eq!(away[2], "-");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_stream_is_not_sent_twice_and_a_strange_place_is_not_followed() {
    run(async {
        let app = leading()?;
        app.get("/strange", async |_| {
            Response::new(())
                .with_status(302)?
                .with_header("Location", "mailto:ada@example.com")
        })?;
        let (_, address) = serve(&app).await?;
        let session = ClientSession::builder().base_url(&format!("http://{address}")).build();
        let body = Body::stream(stream::iter([Ok("x")]));
        let error = session.post("/307/end").body(body).await.map(drop).unwrap_err();
        assert!(matches!(ClientError::of(&error), Some(ClientError::Payload(_))), "{error}");
        let error = session.get("/strange").await.map(drop).unwrap_err();
        assert!(
            matches!(ClientError::of(&error), Some(ClientError::InvalidUrl { .. })),
            "{error}"
        );
        Ok(())
    })
    .unwrap();
}

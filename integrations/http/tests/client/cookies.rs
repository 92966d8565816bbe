//! Cookies: kept, sent where they belong, forgotten.

use kolo::http::web::{Application, Request, Response, json_response};
use kolo::http::{ClientSession, Url};
use kolo::{Result, run};

use crate::support::serve;

async fn set(request: Request) -> Result<Response> {
    let mut response = Response::new(());
    for (_, cookie) in request.query_pairs() {
        response.headers_mut().append("set-cookie", cookie.parse()?);
    }
    Ok(response)
}

async fn sent(request: Request) -> Result<Response> {
    json_response(request.header("cookie").unwrap_or(""))
}

async fn session() -> Result<(ClientSession, String)> {
    let app = Application::new();
    app.get("/set", set)?;
    app.get("/sent/{rest:.*}", sent)?;
    let (_, address) = serve(&app).await?;
    let base = format!("http://{address}");
    let session = ClientSession::builder()
        .base_url(&base)
        .cookies_of_addresses(true)
        .cookie("all", "0")
        .build();
    Ok((session, base))
}

async fn cookies(session: &ClientSession, path: &str) -> Result<String> {
    session.get(path).await?.json().await
}

#[test]
fn they_come_back_to_the_paths_that_they_are_for() {
    run(async {
        let (session, _) = session().await?;
        let set = [
            ("", "a=1"),
            ("", "b=2; Path=/sent/deep"),
            ("", "c=3; Path=/sent"),
            ("", "d=4; Secure"),
            ("", "e=5; Domain=example.com"),
        ];
        session.get("/set").query(set).await?;
        assert_eq!(cookies(&session, "/sent/deep/er").await?, "b=2; c=3; all=0; a=1");
        assert_eq!(cookies(&session, "/sent/deeper").await?, "c=3; all=0; a=1");
        let given = session
            .get("/sent/x")
            .header("Cookie", "mine=1")
            .await?
            .json::<String>()
            .await?;
        assert_eq!(given, "mine=1; c=3; all=0; a=1");
        Ok(())
    })
    .unwrap();
}

#[test]
fn they_are_replaced_and_forgotten() {
    run(async {
        let (session, _) = session().await?;
        session
            .get("/set")
            .query([("", "a=1; Path=/"), ("", "b=2; Path=/; Max-Age=1000")])
            .await?;
        session
            .get("/set")
            .query([("", "a=9; Path=/"), ("", "b=; Path=/; Max-Age=0")])
            .await?;
        assert_eq!(cookies(&session, "/sent/").await?, "all=0; a=9");
        let past = [
            ("", "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            ("", "no cookie"),
            ("", "=x"),
        ];
        session.get("/set").query(past).await?;
        assert_eq!(cookies(&session, "/sent/").await?, "all=0");
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_address_has_none_unless_that_is_asked_for() {
    run(async {
        let (_, base) = session().await?;
        let session = ClientSession::builder().base_url(&base).build();
        session.get("/set").query([("", "a=1; Path=/")]).await?;
        assert_eq!(cookies(&session, "/sent/").await?, "");
        assert_eq!(session.cookies(&Url::parse(&base)?), []);
        Ok(())
    })
    .unwrap();
}

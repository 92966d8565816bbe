//! Which handler answers which path.

use kolo::http::web::{Application, Request, json_response};
use kolo::{Kind, run};

use crate::support::{first_line, raw, serve};

#[test]
fn paths_have_parameters_and_queries() {
    run(async {
        let app = Application::new();
        app.get("/user/{name}", async |request: Request| {
            json_response(&(request.match_info("name")?, request.query("x"), request.query_pairs()))
        })?;
        app.get("/user/root", async |_| Ok("the one without parameters"))?;
        app.get("/files/{path:.*}", async |request| Ok(request.match_info("path")?.to_owned()))?;
        app.get("/odd", async |request| {
            Ok(request.match_info("name").unwrap_err().to_string())
        })?;
        let (_, address) = serve(&app).await?;
        let get = async |path: &str| {
            let answer = raw(address, format!("GET {path} HTTP/1.0\r\n\r\n")).await?;
            Ok::<_, kolo::Error>(answer.split_once("\r\n\r\n").unwrap_or_default().1.to_owned())
        };
        assert_eq!(
            get("/user/%D1%8E%2Fa?x=1+2&y=&x=3").await?,
            r#"["ю/a","1 2",[["x","1 2"],["y",""],["x","3"]]]"#
        );
        assert_eq!(get("/user/root").await?, "the one without parameters");
        assert_eq!(get("/files/a/b//c").await?, "a/b//c");
        assert_eq!(get("/files/").await?, "");
        assert_eq!(get("/user/").await?, "404: Not Found");
        assert_eq!(get("/user/a/b").await?, "404: Not Found");
        assert_eq!(get("/odd").await?, "the route of /odd has no {name} in its path");
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_method_is_refused_with_those_that_are_allowed() {
    run(async {
        let app = Application::new();
        app.get("/thing/{id}", async |_| Ok("got"))?;
        app.put("/thing/{id}", async |_| Ok("put"))?;
        app.route(None, "/any", async |request| Ok(request.method().to_string()))?;
        let (_, address) = serve(&app).await?;
        let refused = raw(address, "DELETE /thing/1 HTTP/1.0\r\n\r\n").await?;
        assert_eq!(first_line(&refused), "HTTP/1.0 405 Method Not Allowed");
        assert!(refused.contains("\r\nallow: GET,HEAD,PUT\r\n"), "{refused}");
        assert!(refused.ends_with("405: Method Not Allowed"));
        assert!(raw(address, "PURGE /any HTTP/1.0\r\n\r\n").await?.ends_with("PURGE"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    run(async {
        let app = Application::new();
        app.get("/", async |_| Ok("hello"))?;
        let (_, address) = serve(&app).await?;
        let answer = raw(address, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
        assert_eq!(first_line(&answer), "HTTP/1.1 200 OK");
        assert!(answer.contains("\r\ncontent-length: 5\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn routes_that_mean_nothing_or_come_twice_are_refused() {
    let app = Application::new();
    for path in ["", "user", "/a{b}", "/{a b}", "/{a:[0-9]+}", "/{path:.*}/more", "/{}"] {
        let error = app.get(path, async |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), Kind::Value, "{path}: {error}");
    }
    app.get("/a", async |_| Ok(())).unwrap();
    let error = app.get("/a", async |_| Ok(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Added route will never be executed, method GET is already registered for /a"
    );
}

//! Another implementation: curl. Without one these say so, and pass; `.ci/run` installs it.

use std::process::Command;

use kolo::http::web::{Application, Request, Response, json_response};
use kolo::{PIPE, Result, create_subprocess_exec, run};

use crate::support::serve;

/// What curl prints; `None` when there is no curl.
async fn curl(arguments: &[&str]) -> Result<Option<String>> {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("not run: there is no curl");
        return Ok(None);
    }
    let program = ["curl", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*"];
    let command = program.iter().chain(arguments).copied();
    let curl = create_subprocess_exec(command).stdout(PIPE).await?;
    let (output, _) = curl.communicate("").await?;
    Ok(Some(String::from_utf8(output.unwrap_or_default())?))
}

async fn echo(mut request: Request) -> Result<Response> {
    let body = request.text().await?;
    json_response(&(request.method().as_str(), request.path_and_query(), body))
}

#[test]
fn curl_gets_posts_asks_for_heads_and_keeps_connections() {
    run(async {
        let app = Application::new();
        app.route(None, "/{rest:.*}", echo)?;
        let (_, address) = serve(&app).await?;
        let url = format!("http://{address}/a?b=c");
        let Some(got) = curl(&[&url]).await? else { return Ok(()) };
        assert_eq!(got, r#"["GET","/a?b=c",""]"#);
        let posted = curl(&["--data", "x=1", &url]).await?;
        assert_eq!(posted.as_deref(), Some(r#"["POST","/a?b=c","x=1"]"#));
        let chunked = curl(&[
            "--request",
            "PUT",
            "--header",
            "Transfer-Encoding: chunked",
            "--data",
            "x=1",
            &url,
        ])
        .await?;
        assert_eq!(chunked.as_deref(), Some(r#"["PUT","/a?b=c","x=1"]"#));
        let head = curl(&["--head", &url]).await?.unwrap_or_default();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        // Several on one connection, told by how many it had to make.
        let several = curl(&[
            "--output",
            "/dev/null",
            "--output",
            "/dev/null",
            "--write-out",
            "%{num_connects} ",
            &url,
            &url,
        ])
        .await?;
        assert_eq!(several.as_deref(), Some("1 0 "));
        // A body of more than 1 MiB: curl asks whether it may send it, and is refused.
        let large = "x".repeat(100_000);
        let expecting = curl(&[
            "--header",
            "Expect: 100-continue",
            "--data",
            &large,
            "--write-out",
            "%{http_code}",
            "--output",
            "/dev/null",
            &url,
        ])
        .await?;
        assert_eq!(expecting.as_deref(), Some("200"));
        Ok(())
    })
    .unwrap();
}

//! The examples of this crate, on the virtual clock.

#[path = "../../examples/fetch_a_thousand.rs"]
mod fetch_a_thousand;
#[path = "../../examples/request_ids.rs"]
mod request_ids;
#[path = "../../examples/status_codes.rs"]
mod status_codes;
#[path = "../../examples/storefront.rs"]
mod storefront;
#[path = "../../examples/time_server.rs"]
mod time_server;

use std::fs;
use std::path::Path;
use std::time::Duration;

use kolo::testing;

/// What CPython prints for a listing of the notes.
fn golden(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/goldens/lectures/{name}.txt"));
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_thousand_are_fetched_as_the_notes_do_it() {
    let lines = testing::run(fetch_a_thousand::fetch()).unwrap();
    assert_eq!(lines, golden("semaphore_http_thousand"));
}

#[test]
fn status_codes_come_as_in_the_notes() {
    let mut expected = golden("http_as_completed");
    expected.extend(golden("http_wait_exceptions"));
    let lines = testing::run(status_codes::fetch()).unwrap();
    // What Python logs on stderr.
    let (errors, lines): (Vec<String>, Vec<String>) = lines.into_iter().partition(|line| line.starts_with("ERROR"));
    assert_eq!(lines, expected);
    assert_eq!(errors, ["ERROR: python://bad - its scheme is neither http nor https"]);
}

#[test]
fn the_time_is_told() {
    let lines = testing::run(time_server::ask(Duration::ZERO)).unwrap();
    assert_eq!(
        lines,
        [
            r#"HTTP/1.1 200 OK | {"day":0,"time":"00:00:00"}"#,
            r#"HTTP/1.1 200 OK | {"day":0,"time":"00:01:30"}"#,
            "HTTP/1.1 404 Not Found | 404: Not Found",
        ]
    );
}

#[test]
fn a_page_is_made_of_what_comes_in_time() {
    let page = |cart| format!(r#"{{"products":["apple","pear"],"favourites":null,"cart":{cart}}}"#);
    assert_eq!(
        testing::run(storefront::browse()).unwrap(),
        [
            format!("1 s: {}", page(r#"{"Err":"too late"}"#)),
            format!("1 s: {}", page(r#"{"Err":"too late"}"#)),
            format!("0 s: {}", page(r#"{"Err":"the circuit is open"}"#)),
            format!("0 s: {}", page(r#"{"Ok":["plum"]}"#)),
        ]
    );
}

#[test]
fn every_line_of_the_log_has_its_request() {
    let lines = testing::run(request_ids::serve_and_ask()).unwrap();
    assert_eq!(
        lines,
        [
            "[-] begins",
            "[1] GET /orders",
            "[1] query users",
            "[1] query orders",
            "[from-outside] GET /orders",
            "[from-outside] query users",
            "[from-outside] query orders",
            "[1] rows of orders",
            "[from-outside] rows of orders",
            "[1] rows of users",
            "[1] answered",
            "[from-outside] rows of users",
            "[from-outside] answered",
            "[-] ends",
        ]
    );
}

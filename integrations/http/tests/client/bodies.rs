//! What comes back.

use futures_util::StreamExt;
use kolo::http::{ClientError, ClientSession};
use kolo::{Kind, run};

use crate::support::answering;

async fn answered(answer: &'static str) -> kolo::Result<kolo::http::Response> {
    let address = answering(answer).await?;
    ClientSession::new().get(format!("http://{address}/")).await
}

#[test]
fn bodies_of_a_length_in_chunks_and_up_to_the_end_are_read() {
    run(async {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nhello",
        ] {
            let mut response = answered(answer).await?;
            assert_eq!(response.text().await?, "hello");
            assert_eq!(response.read().await?, "hello", "a second time");
            let pieces: Vec<_> = answered(answer).await?.into_content().collect().await;
            let pieces: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap()).collect();
            assert_eq!(pieces, b"hello");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_body_that_ends_too_early_is_an_error() {
    run(async {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            let mut response = answered(answer).await?;
            let error = response.text().await.unwrap_err();
            assert!(matches!(ClientError::of(&error), Some(ClientError::Payload(_))), "{error}");
            assert!(error.to_string().starts_with("Response payload is not completed"), "{error}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn json_is_what_says_so_and_is_it() {
    run(async {
        let mut named =
            answered("HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\nContent-Length: 5\r\n\r\n[1,2]").await?;
        assert_eq!(named.json::<Vec<i32>>().await?, [1, 2]);

        let mut html = answered("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n[1,2]").await?;
        let error = html.json::<Vec<i32>>().await.unwrap_err();
        assert!(matches!(ClientError::of(&error), Some(ClientError::ContentType { .. })));
        let url = html.url();
        assert_eq!(
            error.to_string(),
            format!("200, message='Attempt to decode JSON with unexpected mimetype: text/html', url='{url}'")
        );
        assert_eq!(html.text().await?, "[1,2]", "the body is there all the same");

        let mut broken = answered("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1,").await?;
        let error = broken.json::<Vec<i32>>().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Value);
        assert!(error.to_string().contains("no JSON"), "{error}");

        let mut empty = answered("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n").await?;
        assert_eq!(empty.json::<Option<u32>>().await?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn texts_are_decoded_by_what_the_headers_say() {
    run(async {
        let mut latin =
            answered("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Length: 2\r\n\r\n\u{e9}")
                .await?;
        assert_eq!(latin.text().await?, "\u{c3}\u{a9}");
        let mut unknown =
            answered("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Length: 1\r\n\r\nx").await?;
        assert!(unknown.text().await.unwrap_err().to_string().contains("koi8-r"));
        Ok(())
    })
    .unwrap();
}

//! How readers are made, and shown.
#![allow(non_snake_case, reason = "the names of the cases")]

use kolo_executor::Error;
use kolo_executor::testing::hops;
use kolo_net::StreamReader;

use super::{fed, task};
use crate::support::runs::in_loop;

#[test]
fn test_streamreader_constructor_without_loop() {
    // It belongs to a loop from the first wait on.
    let reader = fed("data");
    in_loop(async move {
        assert_eq!(reader.read(10).await?, b"data");
        let read = task(reader.read(10));
        hops(1).await?;
        reader.feed_data("more");
        assert_eq!(read.await?, b"more");
        Ok(())
    });
}

#[test]
fn test___repr__nondefault_limit() {
    let reader = StreamReader::with_limit(123).expect("a limit");
    assert_eq!(format!("{reader:?}"), "<StreamReader limit=123>");
    assert_eq!(format!("{:?}", StreamReader::new()), "<StreamReader>");
}

#[test]
fn test___repr__eof() {
    let reader = StreamReader::new();
    reader.feed_eof();
    assert_eq!(format!("{reader:?}"), "<StreamReader eof>");
}

#[test]
fn test___repr__data() {
    assert_eq!(format!("{:?}", fed("data")), "<StreamReader 4 bytes>");
}

#[test]
fn test___repr__exception() {
    let reader = StreamReader::new();
    reader.set_error(Error::other("mine"));
    let shown = format!("{reader:?}");
    assert!(
        shown.starts_with("<StreamReader exception=") && shown.contains("mine"),
        "{shown}"
    );
}

#[test]
fn test___repr__waiter() {
    in_loop(async {
        let reader = StreamReader::new();
        let read = task(reader.read(1));
        hops(1).await?;
        assert_eq!(format!("{reader:?}"), "<StreamReader waiter>");
        reader.feed_data("x");
        read.await?;
        assert_eq!(format!("{reader:?}"), "<StreamReader>");
        Ok(())
    });
}

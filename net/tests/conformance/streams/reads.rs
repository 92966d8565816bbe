//! Reads of so many bytes, and of all.

use kolo_executor::testing::hops;
use kolo_executor::{Error, IncompleteRead, Kind};
use kolo_net::StreamReader;

use super::{DATA, buffered, fed, task};
use crate::support::outcome::error_of;
use crate::support::runs::{cancel_soon, in_loop};

fn mine() -> (Kind, String) {
    (Kind::Value, "mine".to_owned())
}

#[test]
fn test_feed_empty_data() {
    let reader = fed(b"");
    assert_eq!(buffered(&reader), 0);
    assert!(!reader.at_eof());
}

#[test]
fn test_feed_nonempty_data() {
    assert_eq!(buffered(&fed(DATA)), DATA.len());
}

#[test]
fn test_read_zero() {
    in_loop(async {
        let reader = fed(DATA);
        assert_eq!(reader.read(0).await?, b"");
        assert_eq!(buffered(&reader), DATA.len());
        Ok(())
    });
}

#[test]
fn test_read() {
    in_loop(async {
        let reader = StreamReader::new();
        let read = task(reader.read(30));
        hops(1).await?;
        reader.feed_data(DATA);
        assert_eq!(read.await?, DATA);
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

#[test]
fn test_read_line_breaks() {
    in_loop(async {
        let reader = fed("line1");
        reader.feed_data("line2");
        assert_eq!(reader.read(5).await?, b"line1");
        assert_eq!(buffered(&reader), 5);
        Ok(())
    });
}

#[test]
fn test_read_eof() {
    in_loop(async {
        let reader = StreamReader::new();
        let read = task(reader.read(1024));
        hops(1).await?;
        reader.feed_eof();
        assert_eq!(read.await?, b"");
        Ok(())
    });
}

#[test]
fn test_read_until_eof() {
    in_loop(async {
        let reader = StreamReader::new();
        let read = task(reader.read_to_end());
        hops(1).await?;
        for chunk in ["chunk1\n", "chunk2"] {
            reader.feed_data(chunk);
        }
        reader.feed_eof();
        assert_eq!(read.await?, b"chunk1\nchunk2");
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

#[test]
fn test_read_exception() {
    in_loop(async {
        let reader = fed("line\n");
        assert_eq!(reader.read(2).await?, b"li");
        reader.set_error(Error::value("mine"));
        assert_eq!(error_of(reader.read(2).await), mine());
        Ok(())
    });
}

#[test]
fn test_read_limit() {
    in_loop(async {
        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("chunk");
        assert_eq!(reader.read(5).await?, b"chunk");
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

#[test]
fn test_readexactly_zero_or_less() {
    in_loop(async {
        let reader = fed(DATA);
        assert_eq!(reader.read_exactly(0).await?, b"");
        assert_eq!(buffered(&reader), DATA.len());
        Ok(())
    });
}

#[test]
fn test_readexactly() {
    in_loop(async {
        let reader = StreamReader::new();
        let n = 2 * DATA.len();
        let read = task(reader.read_exactly(n));
        for _ in 0..3 {
            hops(1).await?;
            reader.feed_data(DATA);
        }
        assert_eq!(read.await?, [DATA, DATA].concat());
        assert_eq!(buffered(&reader), DATA.len());
        Ok(())
    });
}

#[test]
fn test_readexactly_limit() {
    in_loop(async {
        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("chunk");
        assert_eq!(reader.read_exactly(5).await?, b"chunk");
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

#[test]
fn test_readexactly_eof() {
    in_loop(async {
        let reader = StreamReader::new();
        let n = 2 * DATA.len();
        let read = task(reader.read_exactly(n));
        hops(1).await?;
        reader.feed_data(DATA);
        reader.feed_eof();
        let error = read.await.expect_err("half of it");
        let incomplete = error.downcast_ref::<IncompleteRead>().expect("its data");
        assert_eq!((&*incomplete.partial, incomplete.expected), (DATA, Some(36)));
        assert_eq!(error.to_string(), "18 bytes read on a total of 36 expected bytes");
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

#[test]
fn test_readexactly_exception() {
    in_loop(async {
        let reader = fed("line\n");
        assert_eq!(reader.read_exactly(2).await?, b"li");
        reader.set_error(Error::value("mine"));
        assert_eq!(error_of(reader.read_exactly(2).await), mine());
        Ok(())
    });
}

#[test]
fn test_exception() {
    let reader = StreamReader::new();
    assert!(reader.error().is_none());
    reader.set_error(Error::value("mine"));
    assert_eq!(
        reader.error().map(|error| error.message().to_owned()),
        Some("mine".to_owned())
    );
}

#[test]
fn test_exception_cancel() {
    in_loop(async {
        let reader = StreamReader::new();
        let read = task(reader.read_line());
        hops(1).await?;
        cancel_soon(&read);
        assert!(read.await.expect_err("cancelled").is_cancelled());
        reader.set_error(Error::value("mine"));
        assert!(!format!("{reader:?}").contains("waiter"));
        Ok(())
    });
}

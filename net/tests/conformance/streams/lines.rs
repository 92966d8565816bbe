//! Reads of lines, and up to separators.

use kolo_executor::testing::hops;
use kolo_executor::{Kind, LimitOverrun, Result};
use kolo_net::StreamReader;

use super::{DATA, buffered, fed, task};
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::in_loop;

#[test]
fn test_readline() {
    in_loop(async {
        let reader = fed("chunk1 ");
        let read = task(reader.read_line());
        hops(1).await?;
        reader.feed_data("chunk2 ");
        reader.feed_data("chunk3 ");
        reader.feed_data("\n chunk4");
        assert_eq!(read.await?, b"chunk1 chunk2 chunk3 \n");
        assert_eq!(buffered(&reader), " chunk4".len());
        Ok(())
    });
}

#[test]
fn test_readline_limit_with_existing_data() {
    in_loop(async {
        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("li");
        reader.feed_data("ne1\nline2\n");
        assert_eq!(kind_of(reader.read_line().await), Kind::Value);
        assert_eq!(buffered(&reader), "line2\n".len());

        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("li");
        reader.feed_data("ne1");
        reader.feed_data("li");
        assert_eq!(kind_of(reader.read_line().await), Kind::Value);
        // No newline is in the buffer.
        assert_eq!(buffered(&reader), 0);
        Ok(())
    });
}

/// What a line comes to of which the chunks arrive one after the other, and how much is buffered then.
async fn arriving(chunks: &[&str]) -> Result<(Option<Vec<u8>>, StreamReader)> {
    let reader = StreamReader::with_limit(7)?;
    let read = task(reader.read_line());
    for chunk in chunks {
        hops(1).await?;
        reader.feed_data(chunk);
    }
    Ok((read.await.ok(), reader))
}

#[test]
fn test_readline_limit() {
    in_loop(async {
        let (line, reader) = arriving(&["chunk1chunk2chunk3\n"]).await?;
        assert_eq!((line, buffered(&reader)), (None, 0));

        let (line, reader) = arriving(&["chunk1chunk2\nchunk3\n"]).await?;
        assert_eq!(line, None);
        assert_eq!(reader.read_line().await?, b"chunk3\n");

        for (line, expected) in [("1234567\n", true), ("12345678\n", false), ("12345678", false)] {
            let (outcome, reader) = arriving(&[line]).await?;
            assert_eq!(outcome, expected.then(|| line.as_bytes().to_vec()));
            assert_eq!(buffered(&reader), 0);
        }
        Ok(())
    });
}

#[test]
fn test_readline_eof() {
    in_loop(async {
        let reader = fed("some data");
        reader.feed_eof();
        assert_eq!(reader.read_line().await?, b"some data");
        Ok(())
    });
}

#[test]
fn test_readline_empty_eof() {
    in_loop(async {
        let reader = StreamReader::new();
        reader.feed_eof();
        assert_eq!(reader.read_line().await?, b"");
        Ok(())
    });
}

#[test]
fn test_readline_read_byte_count() {
    in_loop(async {
        let reader = fed(DATA);
        reader.read_line().await?;
        assert_eq!(reader.read(7).await?, b"line2\nl");
        assert_eq!(buffered(&reader), "ine3\n".len());
        Ok(())
    });
}

#[test]
fn test_readuntil_separator() {
    in_loop(async {
        let reader = StreamReader::new();
        let too_short = (Kind::Value, "Separator should be at least one-byte string".to_owned());
        assert_eq!(error_of(reader.read_until("").await), too_short);
        assert_eq!(error_of(reader.read_until_any([""]).await), too_short);
        assert_eq!(error_of(reader.read_until_any(["a", ""]).await), too_short);
        let none: [&str; 0] = [];
        let too_few = (Kind::Value, "Separator should contain at least one element".to_owned());
        assert_eq!(error_of(reader.read_until_any(none).await), too_few);
        Ok(())
    });
}

#[test]
fn test_readuntil_multi_chunks() {
    in_loop(async {
        let reader = fed("lineAAA");
        assert_eq!(reader.read_until("AAA").await?, b"lineAAA");
        assert_eq!(buffered(&reader), 0);
        let reader = fed("lineAAAxxx");
        assert_eq!(reader.read_until("AAA").await?, b"lineAAA");
        assert_eq!(buffered(&reader), 3);
        Ok(())
    });
}

#[test]
fn test_readuntil_multi_chunks_1() {
    in_loop(async {
        let cases: [(&[&str], &str); 6] = [
            (&["QWEaa", "XYaa", "a"], "QWEaaXYaaa"),
            (&["QWEaa", "XYa", "aa"], "QWEaaXYaaa"),
            (&["aaa"], "aaa"),
            (&["Xaaa"], "Xaaa"),
            (&["XXX", "a", "a", "a"], "XXXaaa"),
            (&["aa", "a"], "aaa"),
        ];
        for (chunks, expected) in cases {
            let reader = StreamReader::new();
            let read = task(reader.read_until("aaa"));
            for chunk in chunks {
                hops(1).await?;
                reader.feed_data(chunk);
            }
            assert_eq!(read.await?, expected.as_bytes());
            assert_eq!(buffered(&reader), 0);
        }
        Ok(())
    });
}

#[test]
fn test_readuntil_limit_found_sep() {
    in_loop(async {
        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("some dataAA");
        let (kind, message) = error_of(reader.read_until("AAA").await);
        assert_eq!(kind, Kind::LimitOverrun);
        assert!(message.contains("not found"), "{message}");
        assert_eq!(buffered(&reader), "some dataAA".len());
        reader.feed_data("A");
        let (kind, message) = error_of(reader.read_until("AAA").await);
        assert_eq!(kind, Kind::LimitOverrun);
        assert!(message.contains("is found"), "{message}");
        assert_eq!(buffered(&reader), "some dataAAA".len());
        Ok(())
    });
}

#[test]
fn test_readuntil_multi_separator_limit() {
    in_loop(async {
        let reader = StreamReader::with_limit(3)?;
        reader.feed_data("some dataA");
        let error = reader.read_until_any(["A", "ome dataA"]).await.expect_err("too long");
        assert!(error.message().contains("is found"), "{error}");
        assert_eq!(error.downcast_ref::<LimitOverrun>().map(|overrun| overrun.consumed), Some(9));
        assert_eq!(buffered(&reader), "some dataA".len());
        Ok(())
    });
}

//! The lines of a file, one after the other.

use std::pin::pin;

use futures_util::{StreamExt, TryStreamExt};
use kolo_executor::create_task;
use kolo_os::{open, open_binary};

use crate::scratch::Scratch;
use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced};

#[test]
fn lines_that_the_buffer_has_whole_take_no_iteration() {
    let file = Scratch::new("one\ntwo\nthree");
    let path = file.0.clone();
    let events = traced(async |trace| {
        let mut lines = open(path, "r").await?.lines();
        for expected in ["one\n", "two\n", "three"] {
            trace.start();
            assert_eq!(lines.next().await.unwrap()?, expected);
            trace.log_iteration(expected.trim_end());
        }
        assert!(lines.next().await.is_none());
        Ok(())
    });
    assert_eq!(events, ["+2 one", "+0 two", "+2 three"]);
}

#[test]
fn all_lines_of_a_long_file_come_in_order_however_they_end() {
    in_loop(async {
        let line = |n: u32| format!("{n} {}", "x".repeat(n as usize % 300));
        let ends = ["\n", "\r\n", "\r"];
        let text: String = (0..3000).map(|n| line(n) + ends[n as usize % 3]).collect();
        let file = Scratch::new(text);
        let lines: Vec<String> = open(&file.0, "r").await?.lines().try_collect().await?;
        let expected: Vec<String> = (0..3000).map(|n| line(n) + "\n").collect();
        assert_eq!(lines, expected);
        let bytes: Vec<Vec<u8>> = open_binary(&file.0, "rb").await?.lines().try_collect().await?;
        assert_eq!(bytes[0], b"0 \n");
        assert_eq!(bytes[1], [line(1).as_bytes(), b"\r\n"].concat());
        assert_eq!(bytes.concat().len(), file.content().len());
        Ok(())
    });
}

#[test]
fn whoever_reads_next_has_the_line_that_is_next() {
    in_loop(async {
        let file = Scratch::new("1\n2\n3\n4\n5\n");
        let text = open(&file.0, "r+").await?;
        let mut lines = text.lines();
        assert_eq!(lines.next().await.unwrap()?, "1\n");
        assert_eq!(text.tell().await?, 2);
        assert_eq!(text.read_line().await?, "2\n");
        assert_eq!(lines.next().await.unwrap()?, "3\n");
        // One that has been asked for, and not waited for, comes first.
        let other = text.clone();
        let asked = create_task(async move { other.read_line().await });
        kolo_executor::sleep(0).await?;
        assert_eq!(lines.next().await.unwrap()?, "5\n");
        assert_eq!(asked.await?, "4\n");
        text.write("6\n").await?;
        assert!(lines.next().await.is_none());
        Ok(())
    });
}

#[test]
fn what_is_no_text_is_an_error_after_which_the_lines_go_on() {
    in_loop(async {
        let file = Scratch::new(b"a\n\xff\nb\n");
        let mut lines = pin!(open(&file.0, "r").await?.lines());
        assert_eq!(lines.next().await.unwrap()?, "a\n");
        assert_eq!(kind_of(lines.next().await.unwrap()), kolo_executor::Kind::Value);
        assert_eq!(lines.next().await.unwrap()?, "b\n");
        let closed = open(&file.0, "r").await?;
        let mut lines = closed.lines();
        lines.next().await.unwrap()?;
        closed.close().await?;
        assert_eq!(kind_of(lines.next().await.unwrap()), kolo_executor::Kind::Value);
        Ok(())
    });
}

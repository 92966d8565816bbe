//! Files: their errors in Python's words, their order, their ends.

use std::fs;
use std::io::SeekFrom;
use std::process::Command;

use kolo_executor::{Kind, create_task, sleep};
use kolo_os::{open, open_binary};

use crate::scratch::Scratch;
use crate::support::outcome::error_of;
use crate::support::runs::{in_loop, traced};

#[test]
fn a_mode_that_is_none_is_refused_in_pythons_words() {
    in_loop(async {
        let file = Scratch::new("");
        let one = "Must have exactly one of create/read/write/append mode and at most one plus";
        for (mode, words) in [
            ("q", "invalid mode: 'q'"),
            ("rr", "invalid mode: 'rr'"),
            ("rU", "invalid mode: 'rU'"),
            ("r++", "invalid mode: 'r++'"),
            ("rbt", "can't have text and binary mode at once"),
            ("rw", "must have exactly one of create/read/write/append mode"),
            ("r+w", "must have exactly one of create/read/write/append mode"),
            ("", one),
            ("+", one),
            ("rb", "invalid mode: 'rb' is for bytes: open it by `open_binary`"),
        ] {
            assert_eq!(error_of(open(&file.0, mode).await), (Kind::Value, words.to_owned()));
        }
        let words = "invalid mode: 'r' is for text: open it by `open`, or add a `b`".to_owned();
        assert_eq!(error_of(open_binary(&file.0, "r").await), (Kind::Value, words));
        open(&file.0, "+rt").await?;
        open_binary(&file.0, "br").await?;
        Ok(())
    });
}

#[test]
fn what_cannot_be_opened_is_named() {
    in_loop(async {
        let error = open("/nowhere/x", "r").await.unwrap_err();
        assert_eq!(error.errno(), Some(2));
        assert_eq!(error.to_string(), "[Errno 2] No such file or directory: '/nowhere/x'");
        assert_eq!(error.place().unwrap().file(), file!());
        for mode in ["r", "w"] {
            let error = open("/", mode).await.unwrap_err();
            assert_eq!(error.to_string(), "[Errno 21] Is a directory: '/'");
        }
        let file = Scratch::new("");
        let error = open(&file.0, "x").await.unwrap_err();
        assert_eq!(error.errno(), Some(17));
        Ok(())
    });
}

#[test]
fn the_wrong_direction_and_a_closed_file_are_refused_in_pythons_words() {
    in_loop(async {
        let file = Scratch::new("hello");
        let io = |words: &str| (Kind::Io, words.to_owned());
        let value = |words: &str| (Kind::Value, words.to_owned());
        let text = open(&file.0, "r").await?;
        assert_eq!(error_of(text.write("x").await), io("not writable"));
        assert_eq!(error_of(text.truncate(None).await), io("truncate"));
        assert_eq!(
            error_of(text.seek(SeekFrom::Current(1)).await),
            io("can't do nonzero cur-relative seeks")
        );
        assert_eq!(
            error_of(text.seek(SeekFrom::End(-1)).await),
            io("can't do nonzero end-relative seeks")
        );
        text.close().await?;
        text.close().await?;
        assert_eq!(error_of(text.read(1).await), value("I/O operation on closed file."));
        let bytes = open_binary(&file.0, "rb").await?;
        assert_eq!(error_of(bytes.write("x").await), io("write"));
        assert_eq!(bytes.seek(SeekFrom::End(-100)).await.unwrap_err().errno(), Some(22));
        bytes.close().await?;
        assert_eq!(error_of(bytes.read_line().await), value("readline of closed file"));
        assert_eq!(error_of(bytes.write("x").await), value("write to closed file"));
        let bytes = open_binary(&file.0, "wb").await?;
        assert_eq!(error_of(bytes.read1(1).await), io("read"));
        let text = open(&file.0, "a").await?;
        assert_eq!(error_of(text.read_lines().await), io("not readable"));
        Ok(())
    });
}

#[test]
fn lines_end_as_they_like_and_what_is_no_text_is_refused() {
    in_loop(async {
        let file = Scratch::new("a\r\nб\rc\n\u{1f600}");
        let text = open(&file.0, "r").await?;
        assert_eq!(text.read_lines().await?, ["a\n", "б\n", "c\n", "\u{1f600}"]);
        text.seek(SeekFrom::Start(0)).await?;
        assert_eq!(text.read(3).await?, "a\nб");
        assert_eq!(text.tell().await?, 5);
        assert_eq!(text.read_to_end().await?, "\nc\n\u{1f600}");

        let file = Scratch::new(b"abc\n\xff\n\xe2\x82");
        let text = open(&file.0, "r").await?;
        assert_eq!(text.read_line().await?, "abc\n");
        let words = "'utf-8' codec can't decode byte 0xff in position 4: invalid start byte".to_owned();
        assert_eq!(error_of(text.read_line().await), (Kind::Value, words));
        let words = "'utf-8' codec can't decode byte 0xe2 in position 6: unexpected end of data".to_owned();
        assert_eq!(error_of(text.read(1).await), (Kind::Value, words));
        Ok(())
    });
}

#[test]
fn long_lines_and_long_files_are_whole() {
    in_loop(async {
        let line = format!("{}\n", "длинная ".repeat(30_000));
        let file = Scratch::new("");
        let text = open(&file.0, "w+").await?;
        text.write_lines(vec![line.clone(); 3]).await?;
        text.seek(SeekFrom::Start(0)).await?;
        for _ in 0..3 {
            assert_eq!(text.read_line().await?, line);
        }
        assert_eq!(text.read_line().await?, "");
        assert_eq!(text.tell().await?, 3 * line.len() as u64);
        Ok(())
    });
}

#[test]
fn reading_and_writing_share_one_position() {
    in_loop(async {
        let file = Scratch::new("0123456789");
        let text = open(&file.0, "r+").await?;
        assert_eq!(text.read(3).await?, "012");
        text.write("xy").await?;
        assert_eq!(text.tell().await?, 5);
        assert_eq!(text.read_to_end().await?, "56789");
        text.close().await?;
        assert_eq!(file.content(), "012xy56789");
        let text = open(&file.0, "a").await?;
        assert_eq!(text.tell().await?, 10);
        text.write("!").await?;
        text.close().await?;
        assert_eq!(file.content(), "012xy56789!");
        Ok(())
    });
}

#[test]
fn what_several_tasks_ask_for_is_done_in_the_order_in_which_they_ask() {
    in_loop(async {
        let file = Scratch::new("");
        let text = open(&file.0, "w").await?;
        let write = |n: u32| {
            let text = text.clone();
            async move { text.write(format!("{n} ")).await }
        };
        let tasks: Vec<_> = (0..500).map(|n| create_task(write(n))).collect();
        for task in tasks {
            task.await?;
        }
        text.close().await?;
        let expected: Vec<u32> = (0..500).collect();
        let found: Vec<u32> = file.content().split_whitespace().map(|n| n.parse().unwrap()).collect();
        assert_eq!(found, expected);
        Ok(())
    });
}

#[test]
fn an_operation_takes_two_iterations() {
    let file = Scratch::new("");
    let path = file.0.clone();
    let events = traced(async |trace| {
        let text = open(path, "w").await?;
        trace.log_iteration("open");
        trace.start();
        text.write("a").await?;
        trace.log_iteration("write");
        Ok(())
    });
    assert_eq!(events, ["+2 open", "+2 write"]);
}

#[test]
fn cancelled_before_its_turn_an_operation_is_not_done() {
    in_loop(async {
        let file = Scratch::new("");
        fs::remove_file(&file.0)?;
        assert!(Command::new("mkfifo").arg(&file.0).status()?.success());
        // Nothing is in the pipe: the first read keeps its thread, and the second waits for its turn.
        let pipe = open(&file.0, "r+").await?;
        let read = || {
            let pipe = pipe.clone();
            create_task(async move { pipe.read(3).await })
        };
        let (first, second) = (read(), read());
        sleep(0).await?;
        second.cancel();
        assert_eq!(second.await.unwrap_err().kind(), Kind::Cancelled);
        fs::write(&file.0, "abcdef")?;
        assert_eq!(first.await?, "abc");
        assert_eq!(pipe.read(3).await?, "def");
        assert!(!pipe.seekable().await?);
        Ok(())
    });
}

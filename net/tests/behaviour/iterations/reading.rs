//! `StreamReader`.

use std::io::Write;
use std::net::Shutdown;

use kolo_executor::testing::{hops, run};
use kolo_executor::{Kind, LimitOverrun, Result, create_task, sleep, wait_for};
use kolo_net::{StreamReader, open_connection_on};

use crate::peers::{Shown, log, stream_pair, streams_and_peer, tcp_pair, told};
use crate::sockets::send;
use crate::support::outcome::error_of;
use crate::support::runs::{in_loop, traced};

#[test]
fn t3_bytes_are_read_two_hops_after_they_are_there() {
    let events = traced(async |trace| {
        let (reader, _writer, theirs) = streams_and_peer().await?;
        trace.start();
        let read = {
            let trace = trace.clone();
            create_task(async move {
                log(&trace, "read", reader.read(9)).await;
                Ok(())
            })
        };
        hops(2).await?;
        trace.log_iteration("sends");
        send(&theirs, b"x");
        read.await
    });
    assert_eq!(events, ["+2 sends", "+4 read: \"x\""]);
}

#[test]
fn t3_also_when_the_other_end_is_in_the_same_loop() {
    let events = traced(async |trace| {
        let ((reader, _writer), (_, writer)) = stream_pair().await?;
        trace.start();
        let read = {
            let trace = trace.clone();
            create_task(async move {
                log(&trace, "read", reader.read(9)).await;
                Ok(())
            })
        };
        hops(2).await?;
        trace.log_iteration("writes");
        writer.write(b"x")?;
        read.await
    });
    assert_eq!(events, ["+2 writes", "+4 read: \"x\""]);
}

#[test]
fn t3_the_end_that_came_with_the_last_bytes_is_told_one_iteration_after_them() {
    let events = traced(async |trace| {
        let (ours, mut theirs) = tcp_pair()?;
        let (reader, _writer) = open_connection_on(ours).await?;
        hops(1).await?;
        trace.start();
        let read = {
            let trace = trace.clone();
            create_task(async move {
                log(&trace, "read", reader.read(9)).await;
                log(&trace, "read", reader.read(9)).await;
                Ok(())
            })
        };
        hops(2).await?;
        trace.log_iteration("sends");
        theirs.write_all(b"x")?;
        theirs.shutdown(Shutdown::Write)?;
        read.await
    });
    assert_eq!(events, ["+2 sends", "+4 read: \"x\"", "+5 read: \"\""]);
}

#[test]
fn r1_the_transport_is_paused_above_twice_the_limit_and_resumed_at_it() {
    let events = traced(async |trace| {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let (reader, writer) = open_connection_on(ours).limit(10).await?;
        hops(2).await?;
        trace.start();
        let transport = writer.transport();
        let state = || trace.log_iteration(format_args!("{reader:?} {}", transport.is_reading()));
        let is_reading = |what: &str| trace.log_iteration(format_args!("{what} {}", transport.is_reading()));
        for count in [20, 1, 5] {
            send(&theirs, &vec![b'x'; count]);
            hops(2).await?;
            is_reading("sent");
        }
        for count in [10, 1] {
            reader.read(count).await?;
            is_reading("read");
        }
        hops(2).await?;
        is_reading("15 buffered");
        send(&theirs, &[b'x'; 10]);
        hops(2).await?;
        is_reading("25 buffered");
        // Before it waits for more it resumes in any case.
        let wanting = reader.clone();
        let read = create_task(async move { wanting.read_exactly(40).await });
        hops(1).await?;
        is_reading("wants 40");
        send(&theirs, &[b'x'; 15]);
        hops(3).await?;
        is_reading("has 40");
        assert_eq!(read.await?.len(), 40);
        let _ = state;
        Ok(())
    });
    let expected = [
        "+2 sent true",
        "+4 sent false",
        "+6 sent false",
        "+6 read false",
        "+6 read true",
        "+8 15 buffered true",
        "+10 25 buffered false",
        "+11 wants 40 true",
        "+14 has 40 true",
    ];
    assert_eq!(events, expected);
}

#[test]
fn r1_a_limit_of_0_is_refused() {
    in_loop(async {
        let expected = (Kind::Value, "Limit cannot be <= 0".to_owned());
        assert_eq!(error_of(StreamReader::with_limit(0).map(drop)), expected);
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
        let outcome = open_connection_on(ours).limit(0).await;
        assert_eq!(error_of(outcome.map(drop)), expected);
        Ok(())
    });
}

#[test]
fn r2_one_task_at_a_time_waits() {
    let events = traced(async |trace| {
        let reader = StreamReader::new();
        let waiting = reader.clone();
        let first = create_task(async move { waiting.read(1).await });
        hops(1).await?;
        log(&trace, "read", reader.read(1)).await;
        log(&trace, "read_exactly", reader.read_exactly(1)).await;
        log(&trace, "read_until", reader.read_until("x")).await;
        log(&trace, "read_line", reader.read_line()).await;
        log(&trace, "read_to_end", reader.read_to_end()).await;
        reader.feed_data("x");
        log(&trace, "first", first.into_future()).await;
        Ok(())
    });
    let refused = |call: &str, name: &str| {
        format!("+1 {call}: {name}() called while another coroutine is already waiting for incoming data")
    };
    let expected = [
        refused("read", "read"),
        refused("read_exactly", "readexactly"),
        refused("read_until", "readuntil"),
        refused("read_line", "readuntil"),
        refused("read_to_end", "read"),
        "+3 first: \"x\"".to_owned(),
    ];
    assert_eq!(events, expected);
}

#[test]
fn r2_a_second_task_may_take_what_the_first_was_woken_for() {
    let events = traced(async |trace| {
        let reader = StreamReader::new();
        let waiting = reader.clone();
        let first = create_task(async move { waiting.read(1).await });
        hops(1).await?;
        reader.feed_data("y");
        log(&trace, "second", reader.read(1)).await;
        hops(2).await?;
        log(&trace, "first", first.into_future()).await;
        Ok(())
    });
    // The first has been told that there is something; of nothing it makes the end, as asyncio does.
    assert_eq!(events, ["+1 second: \"y\"", "+3 first: \"\""]);
}

#[test]
fn r3_an_error_comes_before_all_that_is_buffered_and_again_and_again() {
    in_loop(async {
        let reader = StreamReader::new();
        reader.feed_data("buffered\n");
        reader.set_error(kolo_executor::Error::value("mine"));
        assert_eq!(reader.error().expect("the error").message(), "mine");
        for _ in 0..2 {
            let outcomes = [
                reader.read(1).await,
                reader.read(0).await,
                reader.read_to_end().await,
                reader.read_exactly(1).await,
                reader.read_exactly(0).await,
                reader.read_line().await,
                reader.read_until("\n").await,
            ];
            for outcome in outcomes {
                assert_eq!(error_of(outcome), (Kind::Value, "mine".to_owned()));
            }
        }
        Ok(())
    });
}

#[test]
fn r3_it_wakes_whoever_waits() {
    let events = traced(async |trace| {
        let reader = StreamReader::new();
        let (waiting, in_task) = (reader.clone(), trace.clone());
        let read = create_task(async move {
            log(&in_task, "read", waiting.read(1)).await;
            Ok(())
        });
        hops(1).await?;
        reader.set_error(kolo_executor::Error::value("mine"));
        read.await
    });
    assert_eq!(events, ["+2 read: mine"]);
}

#[test]
fn r4_a_read_takes_what_there_is_without_suspending() {
    let events = traced(async |trace| {
        let reader = StreamReader::with_limit(4)?;
        log(&trace, "0", reader.read(0)).await;
        reader.feed_data("abcdefgh");
        log(&trace, "3", reader.read(3)).await;
        log(&trace, "100", reader.read(100)).await;
        let waiting = reader.clone();
        let all = create_task(async move { waiting.read_to_end().await });
        hops(1).await?;
        reader.feed_data("0123456789");
        hops(1).await?;
        reader.feed_data("x");
        reader.feed_eof();
        log(&trace, "all", all.into_future()).await;
        log(&trace, "at the end", reader.read(5)).await;
        log(&trace, "all of nothing", reader.read_to_end()).await;
        assert!(reader.at_eof());
        Ok(())
    });
    let expected = [
        "+0 0: \"\"",
        "+0 3: \"abc\"",
        "+0 100: \"defgh\"",
        "+4 all: \"0123456789x\"",
        "+4 at the end: \"\"",
        "+4 all of nothing: \"\"",
    ];
    assert_eq!(events, expected);
}

#[test]
fn r4_a_cancelled_read_to_the_end_loses_what_it_had() {
    in_loop(async {
        let reader = StreamReader::new();
        let waiting = reader.clone();
        let all = create_task(async move { waiting.read_to_end().await });
        hops(1).await?;
        reader.feed_data("lost");
        hops(2).await?;
        all.cancel();
        hops(1).await?;
        reader.feed_data("kept");
        reader.feed_eof();
        assert_eq!(reader.read_to_end().await?, b"kept");
        Ok(())
    });
}

#[test]
fn r5_an_end_that_comes_too_early_says_what_there_was() {
    in_loop(async {
        let reader = StreamReader::new();
        assert_eq!(reader.read_exactly(0).await?, b"");
        reader.feed_data("ab");
        reader.feed_eof();
        let error = reader.read_exactly(5).await.unwrap_err();
        let incomplete = error.downcast_ref::<kolo_executor::IncompleteRead>().expect("its data");
        assert_eq!((&*incomplete.partial, incomplete.expected), (&b"ab"[..], Some(5)));
        assert_eq!(error.to_string(), "2 bytes read on a total of 5 expected bytes");
        assert!(reader.at_eof());
        let error = reader.read_exactly(5).await.unwrap_err();
        assert_eq!(error.to_string(), "0 bytes read on a total of 5 expected bytes");
        Ok(())
    });
}

/// What a read up to these separators comes to, with a limit of 4, and how much is buffered then.
fn until<const N: usize>(data: &'static str, separators: [&'static str; N]) -> (String, Option<usize>, usize) {
    let outcome = run(async move {
        let reader = StreamReader::with_limit(4)?;
        reader.feed_data(data);
        let waiting = reader.clone();
        let read = create_task(async move { waiting.read_until_any(separators).await });
        hops(2).await?;
        let (text, consumed) = match read.done() {
            false => ("waits".to_owned(), None),
            true => {
                let outcome = (&read).await;
                let overrun = outcome.as_ref().err().and_then(|error| error.downcast_ref::<LimitOverrun>());
                let consumed = overrun.map(|overrun| overrun.consumed);
                (told(outcome), consumed)
            }
        };
        reader.feed_eof();
        read.cancel();
        let _ = read.await;
        Ok((text, consumed, reader.read_to_end().await?.len()))
    });
    outcome.expect("a run without an error")
}

#[test]
fn r7_a_separator_has_to_begin_within_the_limit() {
    let found = "Separator is found, but chunk is longer than limit".to_owned();
    let not_found = "Separator is not found, and chunk exceed the limit".to_owned();
    assert_eq!(until("abcd;", [";"]), ("\"abcd;\"".to_owned(), None, 0));
    assert_eq!(until("abcde;", [";"]), (found, Some(5), 6));
    assert_eq!(until("abcde", [";"]), (not_found.clone(), Some(5), 5));
    assert_eq!(until("abcd", [";;"]), ("waits".to_owned(), None, 4));
    assert_eq!(until("abcde", [";;"]), ("waits".to_owned(), None, 5));
    assert_eq!(until("abcdef", [";;"]), (not_found, Some(5), 6));
    assert_eq!(until("ab;;", [";;", ";"]), ("\"ab;\"".to_owned(), None, 1));
}

#[test]
fn r7_separators_have_to_be_something() {
    in_loop(async {
        let reader = StreamReader::new();
        reader.feed_data("ab");
        let none: [&str; 0] = [];
        let expected = |text: &str| (Kind::Value, text.to_owned());
        let error = error_of(reader.read_until_any(none).await);
        assert_eq!(error, expected("Separator should contain at least one element"));
        for separators in [vec![""], vec!["x", ""]] {
            let error = error_of(reader.read_until_any(separators).await);
            assert_eq!(error, expected("Separator should be at least one-byte string"));
        }
        reader.feed_eof();
        let error = reader.read_until("x").await.unwrap_err();
        assert_eq!(error.to_string(), "2 bytes read on a total of undefined expected bytes");
        assert!(reader.at_eof());
        Ok(())
    });
}

#[test]
fn r8_of_a_line_that_is_too_long_that_line_is_lost_or_all_that_has_come() {
    in_loop(async {
        let reader = StreamReader::with_limit(4)?;
        reader.feed_data("too long\nshort\nab\n");
        let error = error_of(reader.read_line().await);
        assert_eq!(
            error,
            (Kind::Value, "Separator is found, but chunk is longer than limit".to_owned())
        );
        let error = error_of(reader.read_line().await);
        assert_eq!(
            error,
            (Kind::Value, "Separator is found, but chunk is longer than limit".to_owned())
        );
        assert_eq!(reader.read_line().await?, b"ab\n");
        reader.feed_data("no end yet");
        let error = error_of(reader.read_line().await);
        assert_eq!(
            error,
            (Kind::Value, "Separator is not found, and chunk exceed the limit".to_owned())
        );
        reader.feed_data("rest");
        reader.feed_eof();
        assert_eq!(reader.read_line().await?, b"rest");
        assert_eq!(reader.read_line().await?, b"");
        Ok(())
    });
}

#[test]
fn r9_lines_end_where_the_stream_does() {
    let events = traced(async |trace| {
        let reader = StreamReader::new();
        let (read, in_task) = (reader.clone(), trace.clone());
        let task = create_task(async move {
            let mut lines = read.lines();
            while let Some(line) = futures_util::StreamExt::next(&mut lines).await {
                in_task.log_iteration(line?.shown());
            }
            in_task.log_iteration("end");
            Ok(())
        });
        hops(1).await?;
        reader.feed_data("a\nb\nc");
        hops(2).await?;
        reader.feed_data("\nrest");
        hops(2).await?;
        reader.feed_eof();
        task.await
    });
    assert_eq!(events, ["+2 \"a\\n\"", "+2 \"b\\n\"", "+4 \"c\\n\"", "+6 \"rest\"", "+6 end"]);
}

#[test]
#[should_panic(expected = "feed_data after feed_eof")]
fn r9_nothing_comes_after_the_end() {
    let reader = StreamReader::new();
    reader.feed_eof();
    reader.feed_data("x");
}

#[test]
fn r10_a_cancelled_read_takes_nothing() {
    let events = traced(async |trace| {
        let reader = StreamReader::new();
        reader.feed_data("12");
        let waiting = reader.clone();
        let read = create_task(async move { waiting.read_exactly(4).await });
        hops(1).await?;
        read.cancel();
        assert!(read.await.unwrap_err().is_cancelled());
        reader.feed_data("34");
        log(&trace, "after", reader.read_exactly(4)).await;
        trace.start();
        assert_eq!(wait_for(reader.read(1), 0.01).await.unwrap_err().kind(), Kind::Timeout);
        trace.log_iteration("timeout");
        reader.feed_data("5");
        log(&trace, "after the timeout", reader.read(1)).await;
        Ok(())
    });
    assert_eq!(events, ["+3 after: \"1234\"", "+2 timeout", "+2 after the timeout: \"5\""]);
}

#[test]
fn r10_a_read_that_is_dropped_leaves_the_place_to_the_next() {
    in_loop(async {
        let reader = StreamReader::new();
        let waiting = reader.clone();
        let (task, stop) = crate::support::outside::droppable(async move { waiting.read(1).await });
        hops(1).await?;
        stop.set_result(())?;
        task.await?;
        assert_eq!(format!("{reader:?}"), "<StreamReader>");
        reader.feed_data("x");
        assert_eq!(reader.read(1).await?, b"x");
        sleep(0).await
    });
}

#[test]
fn the_end_in_the_middle_of_a_line_is_the_end_of_the_line() {
    let outcome: Result<()> = run(async {
        let (reader, writer, theirs) = streams_and_peer().await?;
        send(&theirs, b"one\nhal");
        assert_eq!(reader.read_line().await?, b"one\n");
        send(&theirs, b"f");
        drop(theirs);
        assert_eq!(reader.read_line().await?, b"half");
        assert_eq!(reader.read_line().await?, b"");
        assert!(reader.at_eof() && !writer.is_closing());
        Ok(())
    });
    outcome.expect("a run without an error");
}

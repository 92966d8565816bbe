//! `StreamWriter`.

use std::time::Duration;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Error, Result, Task, create_task, gather};
use kolo_net::open_connection_on;

use crate::peers::{Shown, empty, log, next, reset, stream_pair, streams_and_peer, tcp_pair};
use crate::support::runs::traced;

/// A task that logs how a future ends.
pub(super) fn logging<T: Shown + 'static>(
    trace: &Trace,
    what: &'static str,
    future: impl Future<Output = Result<T>> + 'static,
) -> Task<()> {
    let trace = trace.clone();
    create_task(async move {
        log(&trace, what, future).await;
        Ok(())
    })
}

#[test]
fn t11_an_abort_wakes_all_who_wait_and_none_of_them_with_an_error() {
    let events = traced(async |trace| {
        let ((reader, writer), _theirs) = stream_pair().await?;
        trace.start();
        writer.write(vec![0; 1 << 20])?;
        let tasks = [
            logging(&trace, "drain 1", writer.drain()),
            logging(&trace, "wait_closed", writer.wait_closed()),
            logging(&trace, "drain 2", writer.drain()),
            logging(&trace, "read", reader.read(5)),
        ];
        hops(3).await?;
        trace.log_iteration("aborts");
        writer.abort();
        assert_eq!(writer.write_buffer_size(), 0);
        gather(tasks).await?;
        trace.log_iteration("all");
        Ok(())
    });
    let expected = [
        "+3 aborts",
        "+5 read: \"\"",
        "+5 wait_closed: fine",
        "+5 drain 1: fine",
        "+5 drain 2: fine",
        "+7 all",
    ];
    assert_eq!(events, expected);
}

#[test]
fn t12_w2_a_reset_is_the_error_of_all_who_wait_and_of_all_who_ask_later() {
    let events = traced(async |trace| {
        let (ours, theirs) = tcp_pair()?;
        let (reader, writer) = open_connection_on(ours).await?;
        trace.start();
        writer.write(vec![0; 8 << 20])?;
        let tasks = [
            logging(&trace, "drain 1", writer.drain()),
            logging(&trace, "wait_closed", writer.wait_closed()),
            logging(&trace, "drain 2", writer.drain()),
            logging(&trace, "read", reader.read(5)),
        ];
        hops(3).await?;
        trace.log_iteration("resets");
        reset(theirs);
        gather(tasks).await?;
        log(&trace, "drain", writer.drain()).await;
        log(&trace, "wait_closed", writer.wait_closed()).await;
        log(&trace, "read", reader.read(5)).await;
        log(&trace, "read_line", reader.read_line()).await;
        Ok(())
    });
    let reset = |what: &str| format!("{what}: [Errno 104] Connection reset by peer");
    let expected = [
        "+3 resets".to_owned(),
        reset("+6 read"),
        reset("+6 wait_closed"),
        reset("+6 drain 1"),
        reset("+6 drain 2"),
        reset("+8 drain"),
        reset("+8 wait_closed"),
        reset("+8 read"),
        reset("+8 read_line"),
    ];
    assert_eq!(events, expected);
}

#[test]
fn t13_the_last_writer_that_is_dropped_closes_the_connection() {
    let events = traced(async |trace| {
        let (reader, writer, theirs) = streams_and_peer().await?;
        trace.start();
        let (transport, clone) = (writer.transport(), writer.clone());
        drop(writer);
        assert!(!transport.is_closing());
        drop(clone);
        assert!(transport.is_closing());
        trace.log_iteration(next(&theirs));
        hops(2).await?;
        trace.log_iteration(next(&theirs));
        log(&trace, "read", reader.read(5)).await;
        Ok(())
    });
    assert_eq!(events, ["+0 nothing", "+2 end", "+2 read: \"\""]);
}

#[test]
fn t13_what_it_has_written_is_sent_all_the_same() {
    let events = traced(async |trace| {
        let (_reader, writer, theirs) = streams_and_peer().await?;
        writer.write(vec![b'x'; 1 << 20])?;
        drop(writer);
        let mut received = 0;
        while received < 1 << 20 {
            received += empty(&theirs);
            hops(1).await?;
        }
        trace.log(received);
        trace.log(next(&theirs));
        Ok(())
    });
    assert_eq!(events, ["1048576", "end"]);
}

#[test]
fn w1_drain_waits_only_when_too_much_is_buffered_and_many_may_wait() {
    let events = traced(async |trace| {
        let (_reader, writer, theirs) = streams_and_peer().await?;
        trace.start();
        log(&trace, "nothing to send", writer.drain()).await;
        writer.write(vec![0; 1 << 20])?;
        assert!(writer.write_buffer_size() > 65536);
        let tasks = ["one", "two", "three"].map(|name| logging(&trace, name, writer.drain()));
        hops(2).await?;
        tasks[1].cancel();
        hops(1).await?;
        trace.log_iteration("reads");
        while writer.write_buffer_size() > 16384 {
            empty(&theirs);
            hops(1).await?;
        }
        trace.start();
        hops(2).await?;
        writer.abort();
        trace.log_iteration("aborts");
        Ok(())
    });
    // Those who wait go on in the iteration after that in which little enough is left: which is that in which this is seen here.
    assert_eq!(
        events,
        [
            "+0 nothing to send: fine",
            "+3 two: cancelled",
            "+3 reads",
            "+0 one: fine",
            "+0 three: fine",
            "+2 aborts"
        ]
    );
}

#[test]
fn w1_the_readers_error_comes_first() {
    let events = traced(async |trace| {
        let ((reader, writer), _theirs) = stream_pair().await?;
        trace.start();
        reader.set_error(Error::value("mine"));
        log(&trace, "drain", writer.drain()).await;
        Ok(())
    });
    assert_eq!(events, ["+0 drain: mine"]);
}

#[test]
fn w2_of_a_peer_that_is_gone_one_learns_at_the_next_drain() {
    let events = traced(async |trace| {
        let (reader, writer, theirs) = streams_and_peer().await?;
        hops(1).await?;
        trace.start();
        drop(theirs);
        writer.write(b"x")?;
        log(&trace, "drain", writer.drain()).await;
        log(&trace, "drain", writer.drain()).await;
        log(&trace, "read", reader.read(1)).await;
        log(&trace, "wait_closed", writer.wait_closed()).await;
        log(&trace, "wait_closed", writer.wait_closed()).await;
        Ok(())
    });
    let expected = [
        "+1 drain: Connection lost",
        "+1 drain: [Errno 32] Broken pipe",
        "+1 read: [Errno 32] Broken pipe",
        "+1 wait_closed: [Errno 32] Broken pipe",
        "+1 wait_closed: [Errno 32] Broken pipe",
    ];
    assert_eq!(events, expected);
}

#[test]
fn w2_after_close_one_writes_in_silence_and_drains_in_vain() {
    let events = traced(async |trace| {
        let ((reader, writer), _theirs) = stream_pair().await?;
        hops(1).await?;
        trace.start();
        writer.close();
        writer.write(b"x")?;
        log(&trace, "drain", writer.drain()).await;
        log(&trace, "drain", writer.drain()).await;
        log(&trace, "read", reader.read(1)).await;
        log(&trace, "wait_closed", writer.wait_closed()).await;
        Ok(())
    });
    let expected = [
        "+1 drain: Connection lost",
        "+2 drain: Connection lost",
        "+2 read: \"\"",
        "+2 wait_closed: fine",
    ];
    assert_eq!(events, expected);
}

#[test]
fn w3_a_connection_is_lost_one_iteration_after_it_is_closed_and_that_is_known_in_the_next() {
    let events = traced(async |trace| {
        let ((_reader, writer), (peer, _peers_writer)) = stream_pair().await?;
        hops(1).await?;
        trace.start();
        let peer = logging(&trace, "the peer reads", async move { peer.read(1).await });
        hops(1).await?;
        trace.log_iteration("closes");
        writer.close();
        log(&trace, "wait_closed", writer.wait_closed()).await;
        log(&trace, "again", writer.wait_closed()).await;
        peer.await
    });
    let expected = [
        "+1 closes",
        "+3 wait_closed: fine",
        "+3 again: fine",
        "+4 the peer reads: \"\"",
    ];
    assert_eq!(events, expected);
}

#[test]
fn w4_to_cancel_one_who_waits_for_the_end_is_to_cancel_all() {
    let events = traced(async |trace| {
        let ((_reader, writer), _theirs) = stream_pair().await?;
        trace.start();
        let one = logging(&trace, "one", writer.wait_closed());
        let two = logging(&trace, "two", writer.wait_closed());
        hops(1).await?;
        trace.log_iteration("cancels");
        one.cancel();
        two.await?;
        writer.close();
        log(&trace, "later", writer.wait_closed()).await;
        assert_eq!(crate::support::runs::cancelling(), 0);
        Ok(())
    });
    assert_eq!(
        events,
        ["+1 cancels", "+2 one: cancelled", "+2 two: cancelled", "+3 later: cancelled"]
    );
}

#[test]
fn w5_the_addresses_are_known_and_stay_known() {
    let events = traced(async |trace| {
        let (ours, theirs) = tcp_pair()?;
        let (own, peer) = (ours.local_addr()?, ours.peer_addr()?);
        let (_reader, writer) = open_connection_on(ours).await?;
        for _ in 0..2 {
            assert_eq!(writer.local_address(), Some(own.into()));
            assert_eq!(writer.peer_address(), Some(peer.into()));
            writer.abort();
            hops(2).await?;
        }
        trace.log(theirs.local_addr()? == peer);
        let (_reader, writer, _theirs) = streams_and_peer().await?;
        trace.log(format_args!("{:?} {:?}", writer.local_address(), writer.peer_address()));
        Ok(())
    });
    assert_eq!(events, ["true", "Some(Unnamed) Some(Unnamed)"]);
}

#[test]
fn w6_they_are_shown_as_asyncio_shows_them() {
    let events = traced(async |trace| {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&ours);
        let (reader, writer) = open_connection_on(ours).limit(4).await?;
        let show = |text: String| trace.log(text.replace(&format!("fd={descriptor}"), "fd=N"));
        show(format!("{reader:?}"));
        show(format!("{writer:?}"));
        reader.feed_data("123456789");
        writer.write(vec![0; 1 << 20])?;
        writer.close();
        let text = format!("{reader:?}");
        show(text.replace(&writer.write_buffer_size().to_string(), "N"));
        writer.abort();
        hops(1).await?;
        show(format!("{reader:?}"));
        reader.set_error(Error::value("mine"));
        trace.log(format!("{reader:?}").contains("exception=") && theirs.take_error()?.is_none());
        Ok(())
    });
    let expected = [
        "<StreamReader limit=4 transport=<SocketTransport fd=N read=polling write=<idle, bufsize=0>>>",
        "<StreamWriter transport=<SocketTransport fd=N read=polling write=<idle, bufsize=0>> \
         reader=<StreamReader limit=4 transport=<SocketTransport fd=N read=polling write=<idle, bufsize=0>>>>",
        "<StreamReader 9 bytes limit=4 transport=<SocketTransport closing fd=N read=idle write=<polling, bufsize=N>> paused>",
        "<StreamReader 9 bytes eof limit=4 transport=<SocketTransport closed fd=N read=idle write=<idle, bufsize=0>> paused>",
        "true",
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_peer_that_never_reads_is_written_to_no_more_than_the_marks_allow() {
    let events = traced(async |trace| {
        let (_reader, writer, theirs) = streams_and_peer().await?;
        let producing = writer.clone();
        let produce = create_task(async move {
            loop {
                producing.write(vec![0; 10_000])?;
                producing.drain().await?;
            }
            #[allow(unreachable_code)]
            Ok(())
        });
        kolo_executor::sleep(Duration::from_secs(3600)).await?;
        let buffered = writer.write_buffer_size();
        trace.log(buffered > 65536 && buffered <= 65536 + 10_000);
        // It goes on when the peer does.
        let mut received = 0;
        for _ in 0..20 {
            received += empty(&theirs);
            hops(1).await?;
        }
        trace.log(received > 1 << 20);
        trace.log(writer.write_buffer_size() <= 65536 + 10_000);
        produce.cancel();
        writer.abort();
        Ok(())
    });
    assert_eq!(events, ["true", "true", "true"]);
}

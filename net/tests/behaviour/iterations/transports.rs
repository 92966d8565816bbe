//! Transports and their protocols.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Kind, Result, running_loop};
use kolo_net::Transport;

use crate::peers::{Witness, brim, empty, next, reset, tcp_pair};
use crate::sockets::send;
use crate::support::outcome::error_of;
use crate::support::reports::Reports;
use crate::support::runs::traced;

/// Two ends of which the other does not block.
fn ends() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    theirs.set_nonblocking(true).expect("an open socket");
    (ours, theirs)
}

/// A transport, and its peer, which has had its room filled to the brim.
async fn full(witness: Witness) -> Result<(Transport, UnixStream, usize)> {
    let (ours, theirs) = ends();
    let socket = ours.as_fd().try_clone_to_owned()?;
    let transport = witness.on(ours).await?;
    hops(1).await?;
    let room = brim(&socket);
    Ok((transport, theirs, room))
}

#[test]
fn t1_a_transport_is_made_in_one_iteration_and_returned_in_the_next_as_is_the_first_read() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        send(&theirs, b"x");
        let transport = Witness::new(&trace).on(ours).await?;
        trace.log_iteration("returned");
        hops(1).await?;
        transport.abort();
        hops(1).await
    });
    assert_eq!(events, ["+1 made", "+2 returned", "+2 data x", "+4 lost in good order"]);
}

#[test]
fn t1_of_tcp_it_does_not_wait_for_answers() {
    let events = traced(async |trace| {
        let (ours, _theirs) = tcp_pair()?;
        let socket = ours.as_fd().try_clone_to_owned()?;
        trace.log(rustix::net::sockopt::tcp_nodelay(&socket).expect("an open socket"));
        let transport = Witness::new(&trace).on(ours).await?;
        trace.log(rustix::net::sockopt::tcp_nodelay(&socket).expect("an open socket"));
        transport.abort();
        hops(1).await
    });
    assert_eq!(events, ["false", "+1 made", "true", "+3 lost in good order"]);
}

#[test]
fn t2_data_are_told_when_they_come_and_the_peers_end_leaves_the_other_half_open() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::open(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        send(&theirs, b"x");
        hops(2).await?;
        theirs.shutdown(std::net::Shutdown::Write)?;
        hops(3).await?;
        assert!(!transport.is_closing());
        transport.write(b"y")?;
        trace.log_iteration(next(&theirs));
        transport.close();
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+1 data x", "+3 eof", "+5 y", "+6 lost in good order"]);
}

#[test]
fn t2_the_peers_end_closes_the_connection_of_a_protocol_that_says_nothing_else() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let _transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        drop(theirs);
        hops(4).await
    });
    assert_eq!(events, ["+1 made", "+1 eof", "+2 lost in good order"]);
}

#[test]
fn t2_a_reset_is_lost_in_the_next_iteration() {
    let events = traced(async |trace| {
        let (ours, theirs) = tcp_pair()?;
        let _transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        reset(theirs);
        hops(4).await
    });
    assert_eq!(events, ["+1 made", "+2 lost [Errno 104] Connection reset by peer"]);
}

#[test]
fn t2_so_is_the_end_of_a_peer_that_has_not_read_all() {
    let events = traced(async |trace| {
        let (ours, theirs) = tcp_pair()?;
        let transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        transport.write(b"unread")?;
        drop(theirs);
        hops(4).await
    });
    assert_eq!(events, ["+1 made", "+2 lost [Errno 104] Connection reset by peer"]);
}

/// What is told, to the protocol and to the handler, when a call fails.
fn failing(
    call: &'static str,
    error: Error,
    act: impl AsyncFnOnce(Transport, UnixStream) -> Result<()> + 'static,
) -> Vec<String> {
    traced(async move |trace| {
        let reports = Reports::of(&running_loop());
        let (ours, theirs) = ends();
        let transport = Witness::failing(&trace, call, error).on(ours).await?;
        hops(2).await?;
        trace.start();
        act(transport, theirs).await?;
        hops(4).await?;
        for report in reports.take() {
            assert!(report.details.iter().any(|(key, _)| *key == "transport"));
            trace.log(format_args!("{}: {}", report.message, report.error.expect("an error")));
        }
        Ok(())
    })
}

#[test]
fn t4_an_error_of_data_received_is_reported_and_ends_the_connection() {
    let events = failing("data", Error::value("no"), async |_, theirs| {
        send(&theirs, b"x");
        Ok(())
    });
    let report = "Fatal error: protocol.data_received() call failed.: no";
    assert_eq!(events, ["+1 made", "+1 data x", "+2 lost no", report]);
}

#[test]
fn t4_so_is_one_of_eof_received() {
    let events = failing("eof", Error::value("no"), async |_, theirs| {
        drop(theirs);
        Ok(())
    });
    let report = "Fatal error: protocol.eof_received() call failed.: no";
    assert_eq!(events, ["+1 made", "+1 eof", "+2 lost no", report]);
}

#[test]
fn t4_an_error_of_the_system_is_not_reported() {
    for error in [Error::new(Kind::Io, "no"), Error::new(Kind::Timeout, "no")] {
        let events = failing("data", error, async |_, theirs| {
            send(&theirs, b"x");
            Ok(())
        });
        assert_eq!(events, ["+1 made", "+1 data x", "+2 lost no"]);
    }
}

#[test]
fn t4_errors_when_it_is_made_or_lost_are_those_of_callbacks() {
    let events = failing("made", Error::value("no"), async |_, _| Ok(()));
    assert_eq!(
        events,
        ["+1 made", "+1 eof", "+2 lost in good order", "Exception in callback: no"]
    );
    let events = failing("lost", Error::value("no"), async |transport, _| {
        transport.close();
        hops(1).await
    });
    assert_eq!(events, ["+1 made", "+1 lost in good order", "Exception in callback: no"]);
}

#[test]
fn t4_errors_of_flow_control_are_reported_and_change_nothing() {
    for call in ["pause", "resume"] {
        let events = failing(call, Error::value("no"), async |transport, theirs| {
            transport.write(vec![0; 1 << 20])?;
            while transport.write_buffer_size() > 0 {
                empty(&theirs);
                hops(1).await?;
            }
            assert!(!transport.is_closing());
            transport.abort();
            Ok(())
        });
        let report = format!("protocol.{call}_writing() failed: no");
        assert_eq!((&*events[0], &*events[1]), ("+1 made", "+0 pause"));
        assert!(
            events[2].ends_with("resume") && events[3].ends_with("lost in good order"),
            "{events:?}"
        );
        assert_eq!(events[4..], [report]);
    }
}

#[test]
fn t5_after_write_eof_nothing_can_be_written() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        trace.start();
        assert!(transport.can_write_eof());
        transport.write_eof()?;
        let expected = |call: &str| (Kind::Runtime, format!("Cannot call {call}() after write_eof()"));
        assert_eq!(error_of(transport.write(b"x")), expected("write"));
        assert_eq!(error_of(transport.writelines([b"x"])), expected("writelines"));
        transport.write_eof()?;
        trace.log_iteration(next(&theirs));
        transport.close();
        transport.write_eof()?;
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+0 end", "+1 lost in good order"]);
}

#[test]
fn t5_a_peer_that_is_gone_is_no_error_of_write() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        drop(theirs);
        transport.write(b"")?;
        assert!(!transport.is_closing());
        transport.write(b"x")?;
        assert!(transport.is_closing());
        hops(1).await?;
        trace.log_iteration("after");
        for _ in 0..3 {
            transport.write(b"x")?;
        }
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+1 lost [Errno 32] Broken pipe", "+1 after"]);
}

#[test]
fn t6_the_marks_follow_from_each_other() {
    let events = traced(async |trace| {
        let (ours, _theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        let mut marks = vec![transport.write_buffer_limits()];
        for (high, low) in [
            (Some(100), None),
            (None, Some(100)),
            (Some(0), None),
            (Some(5), Some(5)),
            (None, None),
        ] {
            transport.set_write_buffer_limits(high, low)?;
            marks.push(transport.write_buffer_limits());
        }
        let expected = [(16384, 65536), (25, 100), (100, 400), (0, 0), (5, 5), (16384, 65536)];
        assert_eq!(marks, expected);
        let refused = error_of(transport.set_write_buffer_limits(Some(1), Some(2)));
        assert_eq!(refused, (Kind::Value, "high (1) must be >= low (2) must be >= 0".to_owned()));
        assert_eq!(transport.write_buffer_limits(), (16384, 65536));
        transport.abort();
        hops(1).await
    });
    assert_eq!(events, ["+1 made", "+3 lost in good order"]);
}

#[test]
fn t6_the_protocol_is_paused_above_the_high_mark_and_goes_on_at_the_low_one() {
    let events = traced(async |trace| {
        let (transport, theirs, _) = full(Witness::new(&trace)).await?;
        transport.set_write_buffer_limits(Some(10), Some(4))?;
        trace.start();
        transport.write(vec![b'x'; 10])?;
        trace.log("10 bytes");
        transport.write(b"x")?;
        trace.log("11 bytes");
        empty(&theirs);
        hops(3).await?;
        trace.log_iteration(transport.write_buffer_size());
        transport.close();
        hops(2).await
    });
    let expected = [
        "+1 made",
        "10 bytes",
        "+0 pause",
        "11 bytes",
        "+1 resume",
        "+3 0",
        "+4 lost in good order",
    ];
    assert_eq!(events, expected);
}

#[test]
fn t6_lower_marks_pause_the_protocol_at_once() {
    let events = traced(async |trace| {
        let (transport, _theirs, _) = full(Witness::new(&trace)).await?;
        trace.start();
        transport.write(b"x")?;
        trace.log("1 byte");
        transport.set_write_buffer_limits(Some(0), None)?;
        transport.abort();
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "1 byte", "+0 pause", "+1 lost in good order"]);
}

#[test]
fn t7_what_is_buffered_is_sent_before_a_connection_is_closed_and_it_is_lost_at_once_then() {
    let events = traced(async |trace| {
        let (transport, theirs, room) = full(Witness::new(&trace)).await?;
        trace.start();
        transport.write(b"last")?;
        transport.close();
        trace.log_iteration(format_args!("closes with {} bytes", transport.write_buffer_size()));
        // Also what is written after it, while there is something before it to be sent.
        transport.write(b" words")?;
        // But of several at a time asyncio makes an error.
        transport.writelines([" and", " more"])?;
        hops(2).await?;
        assert_eq!(empty(&theirs), room);
        trace.log_iteration("emptied");
        hops(1).await?;
        trace.log_iteration("hop");
        hops(1).await?;
        trace.log_iteration(next(&theirs));
        trace.log_iteration(next(&theirs));
        Ok(())
    });
    let closed = ["+0 closes with 4 bytes", "+2 emptied", "+3 hop", "+3 lost in good order"];
    assert_eq!(events[0], "+1 made");
    assert_eq!(events[1..5], closed);
    assert_eq!(events[5..], ["+4 last words", "+4 end"]);
}

#[test]
fn t9_the_end_is_sent_once_the_buffer_is_and_reading_goes_on() {
    let events = traced(async |trace| {
        let (transport, theirs, _) = full(Witness::new(&trace)).await?;
        trace.start();
        transport.write(b"last")?;
        transport.write_eof()?;
        empty(&theirs);
        hops(2).await?;
        trace.log_iteration(next(&theirs));
        trace.log_iteration(next(&theirs));
        assert!(!transport.is_closing());
        send(&theirs, b"x");
        hops(2).await?;
        transport.close();
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+2 last", "+2 end", "+3 data x", "+5 lost in good order"]);
}

#[test]
fn t8_several_pieces_are_sent_at_once_and_never_pause() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        transport.writelines(["one", "", "two"])?;
        trace.log_iteration(next(&theirs));
        transport.writelines(Vec::<&str>::new())?;
        transport.writelines(vec![[0; 65536]; 30])?;
        assert!(transport.write_buffer_size() > 65536);
        transport.abort();
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+0 onetwo", "+1 lost in good order"]);
}

#[test]
fn t10_once_closed_with_nothing_to_send_all_is_dropped() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        send(&theirs, b"unread");
        transport.close();
        assert!(transport.is_closing());
        transport.close();
        transport.write(b"x")?;
        transport.writelines([b"x"])?;
        transport.write_eof()?;
        assert_eq!(transport.write_buffer_size(), 0);
        hops(3).await
    });
    assert_eq!(events, ["+1 made", "+1 lost in good order"]);
}

#[test]
fn t14_a_pause_holds_reading_up() {
    let events = traced(async |trace| {
        let (ours, theirs) = ends();
        let transport = Witness::new(&trace).on(ours).await?;
        hops(2).await?;
        trace.start();
        transport.pause_reading();
        transport.pause_reading();
        assert!(!transport.is_reading());
        send(&theirs, b"x");
        hops(3).await?;
        trace.log_iteration("resumes");
        transport.resume_reading();
        transport.resume_reading();
        assert!(transport.is_reading());
        hops(3).await?;
        transport.close();
        assert!(!transport.is_reading());
        transport.pause_reading();
        transport.resume_reading();
        assert!(!transport.is_reading());
        hops(3).await
    });
    assert_eq!(events, ["+1 made", "+3 resumes", "+4 data x", "+7 lost in good order"]);
}

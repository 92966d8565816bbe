//! How a transport ends.

use std::os::unix::net::UnixStream;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Kind, running_loop};
use kolo_net::create_connection_on;

use crate::peers::{Witness, brim, empty};
use crate::support::reports::Reports;
use crate::support::runs::traced;

#[test]
fn test_abort() {
    let events = traced(async |trace| {
        let (ours, _theirs) = UnixStream::pair()?;
        let transport = Witness::new(&trace).on(ours).await?;
        transport.abort();
        trace.log("aborted");
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "aborted", "+3 lost in good order"]);
}

#[test]
fn test_close() {
    let events = traced(async |trace| {
        let (ours, _theirs) = UnixStream::pair()?;
        let transport = Witness::new(&trace).on(ours).await?;
        for _ in 0..2 {
            transport.close();
            assert!(transport.is_closing() && !transport.is_reading());
        }
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+3 lost in good order"]);
}

#[test]
fn test_close_write_buffer() {
    let events = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair()?;
        theirs.set_nonblocking(true)?;
        let same = ours.try_clone()?;
        let transport = Witness::new(&trace).on(ours).await?;
        brim(&same);
        transport.write(b"data")?;
        transport.close();
        hops(5).await?;
        assert!(transport.is_closing() && !transport.is_reading());
        trace.log_iteration("not lost yet");
        empty(&theirs);
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+7 not lost yet", "+8 lost in good order"]);
}

#[test]
fn test_force_close() {
    let events = traced(async |trace| {
        let (ours, _theirs) = UnixStream::pair()?;
        let transport = Witness::new(&trace).on(ours).await?;
        transport.write(vec![0; 1 << 20])?;
        for _ in 0..2 {
            transport.abort();
            assert!(transport.is_closing() && transport.write_buffer_size() == 0);
            let shown = format!("{transport:?}");
            assert!(shown.contains("read=idle write=<idle, bufsize=0>"), "{shown}");
        }
        hops(2).await
    });
    assert_eq!(events, ["+1 made", "+2 pause", "+3 lost in good order"]);
}

/// What is told when the protocol fails with this.
fn failing_with(error: Error) -> Vec<String> {
    traced(async |trace| {
        let reports = Reports::of(&running_loop());
        let (ours, theirs) = UnixStream::pair()?;
        let transport = Witness::failing(&trace, "data", error).on(ours).await?;
        crate::peers::send(&theirs, b"x");
        hops(3).await?;
        assert!(transport.is_closing());
        for report in reports.take() {
            assert_eq!(report.details[0].0, "transport");
            trace.log(report.message);
        }
        Ok(())
    })
}

#[test]
fn test_fatal_error() {
    let events = failing_with(Error::new(Kind::Io, "no"));
    assert_eq!(events, ["+1 made", "+3 data x", "+4 lost no"]);
}

#[test]
fn test_fatal_error_custom_exception() {
    let events = failing_with(Error::other("no"));
    let report = "Fatal error: protocol.data_received() call failed.";
    assert_eq!(events, ["+1 made", "+3 data x", "+4 lost no", report]);
}

#[test]
fn test_connection_lost() {
    let events = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair()?;
        let witness = Witness::new(&trace);
        let (transport, protocol) = create_connection_on(move || std::rc::Rc::new(witness), ours).await?;
        transport.write(b"x")?;
        drop(theirs);
        transport.write(b"x")?;
        hops(2).await?;
        // The socket is closed, and the protocol is its maker's alone.
        assert!(format!("{transport:?}").contains(" closed "), "{transport:?}");
        assert_eq!(std::rc::Rc::strong_count(&protocol), 1);
        Ok(())
    });
    assert_eq!(events, ["+1 made", "+3 lost [Errno 32] Broken pipe"]);
}

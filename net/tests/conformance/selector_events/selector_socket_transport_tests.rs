//! What the transport of a socket reads and writes.

use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Error, Result, running_loop};
use kolo_net::{Protocol, Transport, create_connection_on};

use crate::peers::{Witness, brim, empty, next, reset, send, tcp_pair};
use crate::support::child::in_child;
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, traced};

/// A transport, its peer, and its own socket.
async fn ends(trace: &Trace) -> Result<(Transport, UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    let same = ours.try_clone()?;
    let transport = Witness::open(trace).on(ours).await?;
    hops(1).await?;
    Ok((transport, theirs, same))
}

/// Whether its writer is registered.
fn is_writing(transport: &Transport) -> bool {
    format!("{transport:?}").contains("write=<polling")
}

fn is_polling(transport: &Transport) -> bool {
    format!("{transport:?}").contains("read=polling")
}

#[test]
fn test_ctor_with_waiter() {
    let events = traced(async |trace| {
        let _ends = ends(&trace).await?;
        trace.log_iteration("returned");
        Ok(())
    });
    assert_eq!(events[..2], ["+1 made", "+3 returned"]);
}

#[test]
fn test_pause_resume_reading() {
    in_loop(async {
        let trace = Trace::new();
        trace.start();
        let (transport, _theirs, _same) = ends(&trace).await?;
        for _ in 0..2 {
            for _ in 0..2 {
                transport.pause_reading();
                assert!(!transport.is_reading() && !is_polling(&transport));
            }
            for _ in 0..2 {
                transport.resume_reading();
                assert!(transport.is_reading() && is_polling(&transport));
            }
        }
        transport.close();
        assert!(!transport.is_reading() && !is_polling(&transport));
        Ok(())
    });
}

#[test]
fn test_pause_reading_connection_made() {
    struct Paused(RefCell<Vec<u8>>);
    impl Protocol for Paused {
        fn connection_made(&self, transport: &Transport) -> Result<()> {
            transport.pause_reading();
            Ok(())
        }
        fn data_received(&self, data: &[u8]) -> Result<()> {
            self.0.borrow_mut().extend_from_slice(data);
            Ok(())
        }
    }
    in_loop(async {
        let (ours, theirs) = UnixStream::pair()?;
        send(&theirs, b"x");
        let (transport, protocol) = create_connection_on(|| Rc::new(Paused(RefCell::default())), ours).await?;
        hops(3).await?;
        assert!(!is_polling(&transport) && protocol.0.borrow().is_empty());
        transport.resume_reading();
        assert!(is_polling(&transport));
        hops(2).await?;
        assert_eq!(*protocol.0.borrow(), b"x");
        transport.abort();
        Ok(())
    });
}

/// What is told when this call fails.
fn failing(call: &'static str, act: impl FnOnce(UnixStream) + 'static) -> Vec<String> {
    traced(async move |trace| {
        let reports = Reports::of(&running_loop());
        let (ours, theirs) = UnixStream::pair()?;
        let _transport = Witness::failing(&trace, call, Error::other("no")).on(ours).await?;
        act(theirs);
        hops(3).await?;
        reports.messages().iter().for_each(|message| trace.log(message));
        Ok(())
    })
}

#[test]
fn test_read_eof_received_error() {
    let report = "Fatal error: protocol.eof_received() call failed.";
    assert_eq!(failing("eof", drop), ["+1 made", "+3 eof", "+4 lost no", report]);
}

#[test]
fn test_data_received_error() {
    let events = failing("data", |theirs| send(&theirs, b"x"));
    let report = "Fatal error: protocol.data_received() call failed.";
    assert_eq!(events, ["+1 made", "+3 data x", "+4 lost no", report]);
}

#[test]
fn test_read_ready() {
    let events = traced(async |trace| {
        let (transport, theirs, _same) = ends(&trace).await?;
        send(&theirs, b"data");
        hops(2).await?;
        transport.abort();
        hops(1).await
    });
    assert_eq!(events, ["+1 made", "+4 data data", "+6 lost in good order"]);
}

#[test]
fn test_read_ready_eof() {
    let events = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair()?;
        let _transport = Witness::new(&trace).on(ours).await?;
        drop(theirs);
        hops(3).await
    });
    assert_eq!(events, ["+1 made", "+3 eof", "+4 lost in good order"]);
}

#[test]
fn test_read_ready_tryagain() {
    let events = traced(async |trace| {
        let (transport, theirs, mut same) = ends(&trace).await?;
        send(&theirs, b"x");
        // It is taken before the transport has its turn.
        running_loop().call_soon(move || assert_eq!(empty(&mut same), 1));
        hops(3).await?;
        transport.abort();
        hops(1).await
    });
    assert_eq!(events, ["+1 made", "+7 lost in good order"]);
}

#[test]
fn test_read_ready_err() {
    let events = traced(async |trace| {
        let reports = Reports::of(&running_loop());
        let (ours, theirs) = tcp_pair()?;
        let _transport = Witness::new(&trace).on(ours).await?;
        reset(theirs);
        hops(3).await?;
        assert!(reports.take().is_empty());
        Ok(())
    });
    assert_eq!(events, ["+1 made", "+4 lost [Errno 104] Connection reset by peer"]);
}

#[test]
fn test_write_bytearray() {
    in_loop(async {
        let trace = Trace::new();
        trace.start();
        let (transport, theirs, _same) = ends(&trace).await?;
        let data = b"data".to_vec();
        transport.write(&data)?;
        assert_eq!((&*data, &*next(&theirs)), (&b"data"[..], "data"));
        transport.abort();
        Ok(())
    });
}

/// A transport that has written what there was no room for, and how much there was room for.
async fn full(trace: &Trace, data: &[u8]) -> Result<(Transport, UnixStream, usize)> {
    let (transport, theirs, same) = ends(trace).await?;
    let room = brim(&same);
    transport.write(data)?;
    assert!(is_writing(&transport) && transport.write_buffer_size() == data.len());
    Ok((transport, theirs, room))
}

/// Runs this with a trace that nobody looks at.
fn untraced(test: impl AsyncFnOnce(Trace) -> Result<()> + 'static) {
    in_loop(async move {
        let trace = Trace::new();
        trace.start();
        test(trace).await
    });
}

#[test]
fn test_write_no_data() {
    untraced(async |trace| {
        let (transport, _theirs, _) = full(&trace, b"data").await?;
        transport.write(b"")?;
        assert_eq!(transport.write_buffer_size(), 4);
        transport.abort();
        Ok(())
    });
}

/// More than there is room for.
fn much() -> Vec<u8> {
    (0..1 << 20).map(|n| (n % 251) as u8).collect()
}

/// Receives so many bytes, while the transport sends them.
async fn received(mut theirs: &UnixStream, count: usize) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while all.len() < count {
        let mut piece = vec![0; 65536];
        match std::io::Read::read(&mut theirs, &mut piece) {
            Ok(length) => all.extend_from_slice(&piece[..length]),
            Err(_) => hops(1).await?,
        }
    }
    Ok(all)
}

/// Writes more than there is room for, and has all of it come in order.
fn partially(write: impl FnOnce(&Transport, &[u8]) -> Result<()> + 'static) {
    untraced(async |trace| {
        let (transport, theirs, _same) = ends(&trace).await?;
        let data = much();
        write(&transport, &data)?;
        let left = transport.write_buffer_size();
        assert!(is_writing(&transport) && left > 0 && left < data.len());
        assert!(received(&theirs, data.len()).await? == data);
        hops(1).await?;
        assert!(!is_writing(&transport) && transport.write_buffer_size() == 0);
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_partial() {
    partially(|transport, data| transport.write(data));
}

#[test]
fn test_write_partial_none() {
    untraced(async |trace| {
        let (transport, theirs, room) = full(&trace, b"data").await?;
        assert_eq!(empty(&theirs), room);
        hops(2).await?;
        assert_eq!(next(&theirs), "data");
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_tryagain() {
    untraced(async |trace| {
        let (transport, theirs, room) = full(&trace, b"da").await?;
        transport.write(b"ta")?;
        assert_eq!(empty(&theirs), room);
        hops(2).await?;
        assert_eq!(next(&theirs), "data");
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_writelines_sendmsg_full() {
    untraced(async |trace| {
        let (transport, theirs, _same) = ends(&trace).await?;
        transport.writelines(["memoryview", "data"])?;
        assert!(!is_writing(&transport));
        assert_eq!(next(&theirs), "memoryviewdata");
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_writelines_sendmsg_partial() {
    partially(|transport, data| transport.writelines(data.chunks(1000)));
}

#[test]
fn test_write_sendmsg_full() {
    untraced(async |trace| {
        let (transport, theirs, room) = full(&trace, b"da").await?;
        transport.write(b"ta")?;
        assert_eq!(empty(&theirs), room);
        hops(2).await?;
        assert!(!is_writing(&transport) && transport.write_buffer_size() == 0);
        assert_eq!(next(&theirs), "data");
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_sendmsg_partial() {
    partially(|transport, data| {
        let (one, other) = data.split_at(data.len() / 2);
        transport.write(one)?;
        transport.write(other)
    });
}

#[test]
fn test_write_sendmsg_half_buffer() {
    partially(|transport, data| data.chunks(data.len() / 3).try_for_each(|chunk| transport.write(chunk)));
}

#[test]
#[allow(non_snake_case, reason = "the case's name")]
fn test_write_sendmsg_OSError() {
    let events = traced(async |trace| {
        let reports = Reports::of(&running_loop());
        let (transport, theirs, _) = full(&trace, b"data").await?;
        // So that it is writing that fails.
        transport.pause_reading();
        drop(theirs);
        hops(3).await?;
        assert!(transport.is_closing() && !is_writing(&transport) && transport.write_buffer_size() == 0);
        assert!(reports.take().is_empty());
        Ok(())
    });
    assert_eq!(events, ["+1 made", "+5 lost [Errno 32] Broken pipe"]);
}

#[test]
fn test_write_exception() {
    let name = concat!(module_path!(), "::test_write_exception");
    let output = in_child(name, &[], || {
        let events = traced(async |trace| {
            let (transport, theirs, _same) = ends(&trace).await?;
            drop(theirs);
            for _ in 0..7 {
                transport.write(b"data")?;
                assert_eq!(transport.write_buffer_size(), 0);
            }
            hops(2).await
        });
        assert_eq!(events, ["+1 made", "+4 lost [Errno 32] Broken pipe"]);
    });
    let Some(output) = output else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    // The first has failed, and the next four are counted.
    assert_eq!(told.matches("socket.send() raised exception.").count(), 2, "{told}");
}

#[test]
fn test_write_closing() {
    untraced(async |trace| {
        let (transport, theirs, _same) = ends(&trace).await?;
        transport.close();
        transport.write(b"data")?;
        assert_eq!(transport.write_buffer_size(), 0);
        hops(2).await?;
        // Its other descriptor keeps the socket open.
        assert_eq!(next(&theirs), "nothing");
        Ok(())
    });
}

#[test]
fn test_write_ready_closing() {
    let events = traced(async |trace| {
        let (transport, theirs, _) = full(&trace, b"data").await?;
        transport.close();
        empty(&theirs);
        hops(1).await?;
        trace.log_iteration("hop");
        hops(1).await
    });
    // In the iteration in which the last of it is sent.
    assert_eq!(events, ["+1 made", "+4 hop", "+4 lost in good order"]);
}

#[test]
fn test_write_ready_tryagain() {
    untraced(async |trace| {
        let (transport, theirs, same) = ends(&trace).await?;
        let room = brim(&same);
        transport.write(b"data")?;
        assert_eq!(empty(&theirs), room);
        // There is room, and somebody else takes it before the transport has its turn.
        let room = brim(&same);
        hops(2).await?;
        assert_eq!(transport.write_buffer_size(), 4);
        assert!(is_writing(&transport));
        assert_eq!(empty(&theirs), room);
        hops(2).await?;
        assert_eq!(next(&theirs), "data");
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_eof() {
    untraced(async |trace| {
        let (transport, theirs, _same) = ends(&trace).await?;
        for _ in 0..2 {
            transport.write_eof()?;
            assert_eq!(next(&theirs), "end");
        }
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_eof_buffer() {
    untraced(async |trace| {
        let (transport, theirs, room) = full(&trace, b"data").await?;
        transport.write_eof()?;
        assert_eq!(empty(&theirs), room);
        hops(2).await?;
        assert_eq!((&*next(&theirs), &*next(&theirs)), ("data", "end"));
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_write_eof_after_close() {
    untraced(async |trace| {
        let (transport, _theirs, _same) = ends(&trace).await?;
        transport.close();
        hops(2).await?;
        transport.write_eof()
    });
}

#[test]
fn test_transport_close_remove_writer() {
    untraced(async |trace| {
        let (transport, theirs, _) = full(&trace, b"data").await?;
        empty(&theirs);
        hops(2).await?;
        transport.close();
        assert!(!is_writing(&transport));
        Ok(())
    });
}

//! What is written to a pipe. Where the suite has a pipe of its own making that takes less, these have one that is full.

use std::io::PipeReader;
use std::rc::Rc;

use kolo::testing::hops;
use kolo::{Result, Transport, create_write_pipe, running_loop, sleep};

use crate::pipe_log::{Log, alone, briefly};
use crate::support::reports::Reports;

/// As many bytes as a pipe holds.
const ROOM: usize = 64 * 1024;

/// A transport of one end, of which its protocol has been told, and the other end.
async fn connected() -> Result<(PipeReader, Transport, Rc<Log>)> {
    let (ours, theirs) = std::io::pipe()?;
    let (transport, log) = create_write_pipe(|| Rc::new(Log::default()), theirs).await?;
    assert_eq!(log.take(), ["made"]);
    Ok((ours, transport, log))
}

/// One of which so many bytes are still to be written.
async fn with_buffered(count: usize) -> Result<(PipeReader, Transport, Rc<Log>)> {
    let (ours, transport, log) = connected().await?;
    transport.write(vec![b'x'; ROOM + count])?;
    assert_eq!(transport.write_buffer_size(), count);
    Ok((ours, transport, log))
}

/// Reads so many bytes of what has been written.
fn read(pipe: &PipeReader, count: usize) -> Result<()> {
    let mut left = count;
    while left > 0 {
        left -= rustix::io::read(pipe, &mut vec![0; left][..])?;
    }
    Ok(())
}

#[test]
fn test_ctor() {
    alone(concat!(module_path!(), "::test_ctor"), async {
        let before = running_loop().iterations();
        let (ours, transport, log) = connected().await?;
        assert_eq!(running_loop().iterations() - before, 2);
        // It looks whether the other side is there.
        drop(ours);
        briefly().await?;
        assert!(transport.is_closing());
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test_can_write_eof() {
    alone(concat!(module_path!(), "::test_can_write_eof"), async {
        let (_ours, transport, _log) = connected().await?;
        assert!(transport.can_write_eof());
        Ok(())
    });
}

#[test]
fn test_write() {
    alone(concat!(module_path!(), "::test_write"), async {
        let (ours, transport, _log) = connected().await?;
        transport.write("data")?;
        assert_eq!(transport.write_buffer_size(), 0);
        read(&ours, 4)
    });
}

#[test]
fn test_write_no_data() {
    alone(concat!(module_path!(), "::test_write_no_data"), async {
        let (ours, transport, _log) = with_buffered(0).await?;
        transport.write("")?;
        assert_eq!(transport.write_buffer_size(), 0);
        read(&ours, ROOM)
    });
}

#[test]
fn test_write_partial() {
    alone(concat!(module_path!(), "::test_write_partial"), async {
        let (ours, transport, _log) = with_buffered(2).await?;
        read(&ours, ROOM)?;
        briefly().await?;
        assert_eq!(transport.write_buffer_size(), 0);
        read(&ours, 2)
    });
}

#[test]
fn test_write_buffer() {
    alone(concat!(module_path!(), "::test_write_buffer"), async {
        let (ours, transport, _log) = with_buffered(8).await?;
        // There is room, and nothing overtakes what is buffered.
        read(&ours, ROOM)?;
        transport.write("data")?;
        assert_eq!(transport.write_buffer_size(), 12);
        briefly().await?;
        read(&ours, 12)
    });
}

#[test]
fn test_write_again() {
    alone(concat!(module_path!(), "::test_write_again"), async {
        let (ours, transport, _log) = with_buffered(0).await?;
        transport.write("data")?;
        assert_eq!(transport.write_buffer_size(), 4);
        read(&ours, ROOM)?;
        briefly().await?;
        read(&ours, 4)
    });
}

#[test]
fn test_write_err() {
    let said = alone(concat!(module_path!(), "::test_write_err"), async {
        let reports = Reports::of(&running_loop());
        let (ours, transport, log) = connected().await?;
        drop(ours);
        transport.write("data")?;
        assert_eq!(transport.write_buffer_size(), 0);
        for _ in 0..5 {
            transport.write("data")?;
        }
        transport.close();
        briefly().await?;
        assert_eq!(
            (log.take(), reports.messages()),
            (vec!["lost: Some(32)".to_owned()], Vec::new())
        );
        Ok(())
    });
    let warning = "pipe closed by peer or os.write(pipe, data) raised exception.";
    assert!(said.is_none_or(|said| said.matches(warning).count() == 1));
}

#[test]
fn test_write_close() {
    let said = alone(concat!(module_path!(), "::test_write_close"), async {
        let (ours, transport, log) = connected().await?;
        drop(ours);
        briefly().await?;
        for _ in 0..5 {
            transport.write("data")?;
        }
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
    // The fifth is counted, and not told of yet.
    assert!(said.is_none_or(|said| !said.contains("pipe closed by peer")));
}

#[test]
fn test__read_ready() {
    alone(concat!(module_path!(), "::test__read_ready"), async {
        let (ours, transport, log) = connected().await?;
        drop(ours);
        hops(2).await?;
        assert!(transport.is_closing());
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        let (ours, transport, log) = with_buffered(1).await?;
        drop(ours);
        briefly().await?;
        assert_eq!(
            (log.take(), transport.write_buffer_size()),
            (vec!["lost: Some(32)".to_owned()], 0)
        );
        Ok(())
    });
}

#[test]
fn test__write_ready() {
    alone(concat!(module_path!(), "::test__write_ready"), async {
        let (ours, transport, log) = with_buffered(4).await?;
        read(&ours, ROOM)?;
        briefly().await?;
        assert_eq!(transport.write_buffer_size(), 0);
        assert!(log.take().is_empty() && !transport.is_closing());
        Ok(())
    });
}

#[test]
fn test__write_ready_partial() {
    alone(concat!(module_path!(), "::test__write_ready_partial"), async {
        let (ours, transport, _log) = with_buffered(2 * ROOM).await?;
        read(&ours, ROOM)?;
        briefly().await?;
        let left = transport.write_buffer_size();
        assert!((1..2 * ROOM).contains(&left), "{left}");
        read(&ours, 2 * ROOM - left)?;
        briefly().await?;
        read(&ours, left)
    });
}

#[test]
fn test__write_ready_again() {
    alone(concat!(module_path!(), "::test__write_ready_again"), async {
        let (_ours, transport, log) = with_buffered(4).await?;
        briefly().await?;
        assert_eq!(transport.write_buffer_size(), 4);
        assert!(log.take().is_empty());
        Ok(())
    });
}

#[test]
fn test__write_ready_err() {
    alone(concat!(module_path!(), "::test__write_ready_err"), async {
        let reports = Reports::of(&running_loop());
        let (ours, transport, log) = with_buffered(4).await?;
        drop(ours);
        briefly().await?;
        assert_eq!(transport.write_buffer_size(), 0);
        assert!(transport.is_closing() && reports.messages().is_empty());
        assert_eq!(log.take(), ["lost: Some(32)"]);
        Ok(())
    });
}

#[test]
fn test__write_ready_closing() {
    alone(concat!(module_path!(), "::test__write_ready_closing"), async {
        let (ours, transport, log) = with_buffered(4).await?;
        transport.close();
        briefly().await?;
        assert!(log.take().is_empty() && transport.is_closing());
        read(&ours, ROOM)?;
        // In the iteration in which the last of it is written.
        let before = running_loop().iterations();
        while log.take().is_empty() {
            sleep(0).await?;
        }
        assert_eq!(running_loop().iterations() - before, 2);
        read(&ours, 4)?;
        assert_eq!(rustix::io::read(&ours, &mut [0; 1])?, 0);
        Ok(())
    });
}

#[test]
fn test_abort() {
    alone(concat!(module_path!(), "::test_abort"), async {
        let (ours, transport, log) = with_buffered(4).await?;
        transport.abort();
        assert!(transport.is_closing() && log.take().is_empty());
        assert_eq!(transport.write_buffer_size(), 0);
        sleep(0).await?;
        assert_eq!(log.take(), ["lost"]);
        read(&ours, ROOM)?;
        assert_eq!(rustix::io::read(&ours, &mut [0; 1])?, 0);
        Ok(())
    });
}

#[test]
fn test__call_connection_lost() {
    alone(concat!(module_path!(), "::test__call_connection_lost"), async {
        let (ours, transport, log) = connected().await?;
        let protocol = Rc::downgrade(&log);
        transport.close();
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        drop(log);
        assert!(protocol.upgrade().is_none());
        assert_eq!(rustix::io::read(&ours, &mut [0; 1])?, 0);
        Ok(())
    });
}

#[test]
fn test__call_connection_lost_with_err() {
    alone(concat!(module_path!(), "::test__call_connection_lost_with_err"), async {
        let (ours, transport, log) = connected().await?;
        let protocol = Rc::downgrade(&log);
        drop(ours);
        transport.write("data")?;
        briefly().await?;
        assert_eq!(log.take(), ["lost: Some(32)"]);
        drop(log);
        assert!(protocol.upgrade().is_none());
        Ok(())
    });
}

#[test]
fn test_close() {
    alone(concat!(module_path!(), "::test_close"), async {
        let (_ours, transport, log) = connected().await?;
        transport.close();
        transport.close();
        briefly().await?;
        transport.close();
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test_close_closing() {
    alone(concat!(module_path!(), "::test_close_closing"), async {
        let (ours, transport, log) = with_buffered(4).await?;
        transport.write_eof()?;
        transport.close();
        briefly().await?;
        // What is buffered is still written.
        assert!(log.take().is_empty());
        read(&ours, ROOM)?;
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        read(&ours, 4)
    });
}

#[test]
fn test_write_eof() {
    alone(concat!(module_path!(), "::test_write_eof"), async {
        let (_ours, transport, log) = connected().await?;
        transport.write_eof()?;
        assert!(transport.is_closing());
        sleep(0).await?;
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test_write_eof_pending() {
    alone(concat!(module_path!(), "::test_write_eof_pending"), async {
        let (_ours, transport, log) = with_buffered(4).await?;
        transport.write_eof()?;
        assert!(transport.is_closing());
        briefly().await?;
        assert!(log.take().is_empty());
        Ok(())
    });
}

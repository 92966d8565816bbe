//! What is read from a pipe.

use std::io::{PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo::{Result, Transport, create_read_pipe, running_loop};

use crate::pipe_log::{Log, alone, briefly};
use crate::support::reports::Reports;

/// A transport of one end, of which its protocol has been told, and the other end.
async fn connected() -> Result<(PipeWriter, Transport, Rc<Log>)> {
    let (theirs, ours) = std::io::pipe()?;
    let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
    assert_eq!(log.take(), ["made"]);
    Ok((ours, transport, log))
}

/// A transport whose next read fails: the other side is gone, with something that it has not read.
async fn failed() -> Result<(Transport, Rc<Log>, Reports)> {
    let reports = Reports::of(&running_loop());
    let (ours, theirs) = UnixStream::pair()?;
    (&theirs).write_all(b"unread")?;
    let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), OwnedFd::from(theirs)).await?;
    log.take();
    drop(ours);
    briefly().await?;
    Ok((transport, log, reports))
}

#[test]
fn test_ctor() {
    alone(concat!(module_path!(), "::test_ctor"), async {
        let (theirs, mut ours) = std::io::pipe()?;
        ours.write_all(b"there before")?;
        let before = running_loop().iterations();
        let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
        // Of what is there the protocol is told no sooner than that it is connected.
        assert_eq!((running_loop().iterations() - before, log.take()[0].as_str()), (2, "made"));
        assert!(transport.is_reading());
        Ok(())
    });
}

#[test]
fn test__read_ready() {
    alone(concat!(module_path!(), "::test__read_ready"), async {
        let (mut ours, _transport, log) = connected().await?;
        ours.write_all(b"data")?;
        briefly().await?;
        assert_eq!(log.take(), ["4 bytes"]);
        Ok(())
    });
}

#[test]
fn test__read_ready_eof() {
    alone(concat!(module_path!(), "::test__read_ready_eof"), async {
        let (ours, transport, log) = connected().await?;
        drop(ours);
        briefly().await?;
        assert_eq!(log.take(), ["eof", "lost"]);
        assert!(transport.is_closing() && !transport.is_reading());
        Ok(())
    });
}

#[test]
fn test__read_ready_blocked() {
    alone(concat!(module_path!(), "::test__read_ready_blocked"), async {
        let (theirs, mut ours) = std::io::pipe()?;
        let rival = theirs.try_clone()?;
        let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
        log.take();
        ours.write_all(b"data")?;
        // Somebody else takes it before the loop does.
        assert_eq!(rustix::io::read(&rival, &mut [0; 4])?, 4);
        briefly().await?;
        assert!(log.take().is_empty() && transport.is_reading());
        ours.write_all(b"more")?;
        briefly().await?;
        assert_eq!(log.take(), ["4 bytes"]);
        Ok(())
    });
}

#[test]
fn test__read_ready_error() {
    alone(concat!(module_path!(), "::test__read_ready_error"), async {
        let (transport, log, reports) = failed().await?;
        assert_eq!(reports.messages(), ["Fatal read error on pipe transport"]);
        assert!(transport.is_closing());
        assert_eq!(log.take(), ["lost: Some(104)"]);
        Ok(())
    });
}

#[test]
fn test_pause_reading() {
    alone(concat!(module_path!(), "::test_pause_reading"), async {
        let (mut ours, transport, log) = connected().await?;
        transport.pause_reading();
        ours.write_all(b"data")?;
        briefly().await?;
        assert!(log.take().is_empty() && !transport.is_reading());
        Ok(())
    });
}

#[test]
fn test_resume_reading() {
    alone(concat!(module_path!(), "::test_resume_reading"), async {
        let (mut ours, transport, log) = connected().await?;
        transport.pause_reading();
        ours.write_all(b"data")?;
        transport.resume_reading();
        briefly().await?;
        assert_eq!(log.take(), ["4 bytes"]);
        Ok(())
    });
}

#[test]
fn test_close() {
    alone(concat!(module_path!(), "::test_close"), async {
        let (_ours, transport, log) = connected().await?;
        transport.close();
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test_close_already_closing() {
    alone(concat!(module_path!(), "::test_close_already_closing"), async {
        let (_ours, transport, log) = connected().await?;
        transport.close();
        transport.close();
        briefly().await?;
        transport.close();
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test__close() {
    alone(concat!(module_path!(), "::test__close"), async {
        let (mut ours, transport, log) = connected().await?;
        transport.abort();
        assert!(transport.is_closing());
        ours.write_all(b"not read")?;
        assert!(log.take().is_empty());
        kolo::sleep(0).await?;
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test__call_connection_lost() {
    alone(concat!(module_path!(), "::test__call_connection_lost"), async {
        let (mut ours, transport, log) = connected().await?;
        let protocol = Rc::downgrade(&log);
        transport.close();
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        drop(log);
        // It is let go of, and the pipe is closed.
        assert!(protocol.upgrade().is_none());
        assert_eq!(ours.write_all(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn test__call_connection_lost_with_err() {
    alone(concat!(module_path!(), "::test__call_connection_lost_with_err"), async {
        let (_transport, log, _reports) = failed().await?;
        let protocol = Rc::downgrade(&log);
        assert_eq!(log.take(), ["lost: Some(104)"]);
        drop(log);
        assert!(protocol.upgrade().is_none());
        Ok(())
    });
}

#[test]
fn test_pause_reading_on_closed_pipe() {
    alone(concat!(module_path!(), "::test_pause_reading_on_closed_pipe"), async {
        let (_ours, transport, _log) = connected().await?;
        transport.close();
        briefly().await?;
        transport.pause_reading();
        assert!(!transport.is_reading());
        Ok(())
    });
}

#[test]
fn test_pause_reading_on_paused_pipe() {
    alone(concat!(module_path!(), "::test_pause_reading_on_paused_pipe"), async {
        let (_ours, transport, _log) = connected().await?;
        transport.pause_reading();
        transport.pause_reading();
        transport.resume_reading();
        assert!(transport.is_reading());
        Ok(())
    });
}

#[test]
fn test_resume_reading_on_closed_pipe() {
    alone(concat!(module_path!(), "::test_resume_reading_on_closed_pipe"), async {
        let (_ours, transport, _log) = connected().await?;
        transport.pause_reading();
        transport.close();
        briefly().await?;
        transport.resume_reading();
        assert!(!transport.is_reading());
        Ok(())
    });
}

#[test]
fn test_resume_reading_on_paused_pipe() {
    alone(concat!(module_path!(), "::test_resume_reading_on_paused_pipe"), async {
        let (mut ours, transport, log) = connected().await?;
        // It is not paused.
        transport.resume_reading();
        ours.write_all(b"data")?;
        briefly().await?;
        assert_eq!(log.take(), ["4 bytes"]);
        Ok(())
    });
}

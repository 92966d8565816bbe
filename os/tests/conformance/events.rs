//! `test_events`: pipes, signals and subprocesses.

use std::cell::RefCell;
use std::io::{PipeReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo::testing::hops;
use kolo::{
    EventLoop, Kind, PIPE, Result, STDOUT, add_signal_handler, create_read_pipe, create_subprocess_exec, create_subprocess_shell,
    create_write_pipe, remove_signal_handler, run, sock_recv,
};
use signal_hook::low_level::raise;

use crate::pipe_log::{Log, alone, briefly};

fn returncode_of(command: &'static str, signal: Option<i32>) -> i32 {
    let returncode = run(async move {
        let process = create_subprocess_shell(command).await?;
        signal.map_or(Ok(()), |signal| process.send_signal(signal))?;
        process.wait().await
    });
    returncode.unwrap()
}

#[test]
fn test_subprocess_exec() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        process.stdin.as_ref().expect("a pipe").write("Python The Winner")?;
        let output = process.stdout.as_ref().expect("a pipe").read_exactly(17).await?;
        assert_eq!(output, b"Python The Winner");
        let waiting = process.wait();
        drop(process);
        assert_eq!(waiting.await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_interactive() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        for text in ["Python ", "The Winner"] {
            process.stdin.as_ref().expect("a pipe").write(text)?;
            assert_eq!(process.stdout.as_ref().expect("a pipe").read(100).await?, text.as_bytes());
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_shell() {
    run(async {
        let process = create_subprocess_shell("echo Python")
            .stdin(PIPE)
            .stdout(PIPE)
            .stderr(PIPE)
            .await?;
        assert_eq!(process.communicate("").await?, (Some(b"Python\n".to_vec()), Some(Vec::new())));
        assert_eq!(process.returncode(), Some(0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_exitcode() {
    assert_eq!(returncode_of("exit 7", None), 7);
}

#[test]
fn test_subprocess_kill() {
    assert_eq!(returncode_of("exec sleep 3600", Some(9)), -9);
}

#[test]
fn test_subprocess_terminate() {
    assert_eq!(returncode_of("exec sleep 3600", Some(15)), -15);
}

#[test]
fn test_subprocess_send_signal() {
    assert_eq!(returncode_of("exec sleep 3600", Some(1)), -1);
}

#[test]
fn test_subprocess_stderr() {
    run(async {
        let process = create_subprocess_shell("echo OUT; echo ERR >&2")
            .stdout(PIPE)
            .stderr(PIPE)
            .await?;
        assert_eq!(
            process.communicate("").await?,
            (Some(b"OUT\n".to_vec()), Some(b"ERR\n".to_vec()))
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_stderr_redirect_to_stdout() {
    run(async {
        let process = create_subprocess_shell("echo OUT; echo ERR >&2")
            .stdout(PIPE)
            .stderr(STDOUT)
            .await?;
        assert!(process.stderr.is_none());
        assert_eq!(process.communicate("").await?, (Some(b"OUT\nERR\n".to_vec()), None));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_wait_no_same_group() {
    let returncode = run(async { create_subprocess_shell("exit 7").process_group(0).await?.wait().await });
    assert_eq!(returncode.unwrap(), 7);
}

#[test]
fn test_read_pipe() {
    alone(concat!(module_path!(), "::test_read_pipe"), async {
        let (theirs, mut ours) = std::io::pipe()?;
        let (_transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
        assert_eq!(log.take(), ["made"]);
        for data in ["1", "2345"] {
            ours.write_all(data.as_bytes())?;
            briefly().await?;
            assert_eq!(log.take(), [format!("{} bytes", data.len())]);
        }
        drop(ours);
        briefly().await?;
        assert_eq!(log.take(), ["eof", "lost"]);
        Ok(())
    });
}

#[test]
fn test_unclosed_pipe_transport() {
    let event_loop = EventLoop::new().unwrap();
    let transports = event_loop.run_until_complete(async {
        let (reader, writer) = std::io::pipe()?;
        let (read, _) = create_read_pipe(|| Rc::new(Log::default()), reader).await?;
        let (write, _) = create_write_pipe(|| Rc::new(Log::default()), writer).await?;
        Ok([read, write])
    });
    event_loop.close().unwrap();
    // Here the loop's end has closed them.
    let [read, write] = transports.unwrap().map(|transport| format!("{transport:?}"));
    assert!(
        read.contains("<ReadPipe closed") && write.contains("<WritePipe closed"),
        "{read} {write}"
    );
}

#[test]
fn test_write_pipe() {
    fn read(pipe: &PipeReader, expected: &str) -> Result<()> {
        let mut data = vec![0; expected.len()];
        let count = rustix::io::read(pipe, &mut data[..])?;
        assert_eq!(&data[..count], expected.as_bytes());
        Ok(())
    }
    alone(concat!(module_path!(), "::test_write_pipe"), async {
        let (ours, theirs) = std::io::pipe()?;
        let (transport, log) = create_write_pipe(|| Rc::new(Log::default()), theirs).await?;
        for data in ["1", "2345"] {
            transport.write(data)?;
            read(&ours, data)?;
        }
        assert_eq!(log.take(), ["made"]);
        drop(ours);
        transport.close();
        briefly().await?;
        assert_eq!(log.take(), ["lost"]);
        Ok(())
    });
}

#[test]
fn test_write_pipe_disconnect_on_close() {
    alone(concat!(module_path!(), "::test_write_pipe_disconnect_on_close"), async {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let ours = Rc::new(ours);
        let (transport, log) = create_write_pipe(|| Rc::new(Log::default()), OwnedFd::from(theirs)).await?;
        transport.write("1")?;
        assert_eq!(sock_recv(&ours, 1024).await?, b"1");
        drop(ours);
        briefly().await?;
        assert_eq!(log.take(), ["made", "lost"]);
        Ok(())
    });
}

#[test]
fn test_add_signal_handler() {
    const SIGUSR1: i32 = 10;
    alone(concat!(module_path!(), "::test_add_signal_handler"), async {
        for none in [0, -1, 65] {
            assert_eq!(add_signal_handler(none, || {}).unwrap_err().kind(), Kind::Value);
            assert_eq!(remove_signal_handler(none).unwrap_err().kind(), Kind::Value);
        }
        assert_eq!(add_signal_handler(9, || {}).unwrap_err().kind(), Kind::Runtime);
        assert!(!remove_signal_handler(9)?);
        let calls = Rc::new(RefCell::new(0));
        let count = calls.clone();
        add_signal_handler(SIGUSR1, move || *count.borrow_mut() += 1)?;
        hops(1).await?;
        raise(SIGUSR1)?;
        hops(3).await?;
        assert_eq!(*calls.borrow(), 1);
        assert!(remove_signal_handler(SIGUSR1)? && !remove_signal_handler(SIGUSR1)?);
        Ok(())
    });
}

#[test]
fn test_signal_handling_args() {
    const SIGALRM: i32 = 14;
    alone(concat!(module_path!(), "::test_signal_handling_args"), async {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (args, log) = (("ABC", 3), seen.clone());
        add_signal_handler(SIGALRM, move || log.borrow_mut().push(args))?;
        hops(1).await?;
        raise(SIGALRM)?;
        hops(3).await?;
        assert_eq!(*seen.borrow(), [("ABC", 3)]);
        Ok(())
    });
}

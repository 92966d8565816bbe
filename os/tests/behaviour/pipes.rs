//! Pipes: streams over them, and protocols.

use std::cell::RefCell;
use std::io::{PipeReader, Read, Write};
use std::rc::Rc;

use kolo::{
    Error, Kind, Protocol, Result, Transport, connect_read_pipe, connect_write_pipe, create_read_pipe, create_write_pipe, run,
    running_loop, sleep,
};

use crate::alone::alone;

#[derive(Default)]
struct Log(RefCell<Vec<String>>);

impl Log {
    fn push(&self, word: impl Into<String>) -> Result<()> {
        self.0.borrow_mut().push(word.into());
        Ok(())
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Protocol for Log {
    fn connection_made(&self, _: &Transport) -> Result<()> {
        self.push("made")
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        self.push(String::from_utf8_lossy(data))
    }

    fn eof_received(&self) -> Result<bool> {
        self.push("eof").map(|()| true)
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.push(error.map_or("lost".into(), |error| format!("lost: {:?}", error.errno())))
    }

    fn pause_writing(&self) -> Result<()> {
        self.push("pause")
    }

    fn resume_writing(&self) -> Result<()> {
        self.push("resume")
    }
}

async fn turns(count: usize) -> Result<()> {
    for _ in 0..count {
        sleep(0).await?;
    }
    Ok(())
}

#[test]
fn a_read_pipe_tells_of_its_data_and_then_of_its_end() {
    alone(
        concat!(module_path!(), "::a_read_pipe_tells_of_its_data_and_then_of_its_end"),
        || {
            run(async {
                let (theirs, mut ours) = std::io::pipe()?;
                let before = running_loop().iterations();
                let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
                assert_eq!(running_loop().iterations() - before, 2);
                assert_eq!(log.take(), ["made"]);
                ours.write_all(b"1")?;
                turns(2).await?;
                ours.write_all(b"2345")?;
                turns(2).await?;
                assert_eq!(log.take(), ["1", "2345"]);
                drop(ours);
                turns(3).await?;
                assert_eq!(log.take(), ["eof", "lost"]);
                assert!(transport.is_closing());
                transport.pause_reading();
                transport.resume_reading();
                assert!(!transport.is_reading());
                Ok(())
            })
            .unwrap();
        },
    );
}

#[test]
fn a_read_pipe_is_paused_and_goes_on() {
    alone(concat!(module_path!(), "::a_read_pipe_is_paused_and_goes_on"), || {
        run(async {
            let (theirs, mut ours) = std::io::pipe()?;
            let (transport, log) = create_read_pipe(|| Rc::new(Log::default()), theirs).await?;
            log.take();
            transport.pause_reading();
            transport.pause_reading();
            ours.write_all(b"x")?;
            turns(5).await?;
            assert!(log.take().is_empty());
            transport.resume_reading();
            transport.resume_reading();
            turns(2).await?;
            assert_eq!(log.take(), ["x"]);
            transport.close();
            transport.close();
            turns(1).await?;
            assert_eq!(log.take(), ["lost"]);
            assert_eq!(ours.write_all(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_write_pipe_learns_that_nobody_reads() {
    alone(concat!(module_path!(), "::a_write_pipe_learns_that_nobody_reads"), || {
        run(async {
            let (ours, theirs) = std::io::pipe()?;
            let (transport, log) = create_write_pipe(|| Rc::new(Log::default()), theirs).await?;
            transport.write("hello")?;
            drop(ours);
            turns(3).await?;
            assert_eq!(log.take(), ["made", "lost"]);
            assert!(transport.is_closing());
            transport.write("swallowed")
        })
        .unwrap();
    });
}

#[test]
fn a_write_pipe_with_something_left_is_broken() {
    alone(
        concat!(module_path!(), "::a_write_pipe_with_something_left_is_broken"),
        || {
            run(async {
                let (ours, theirs) = std::io::pipe()?;
                let (transport, log) = create_write_pipe(|| Rc::new(Log::default()), theirs).await?;
                transport.write(vec![b'x'; 1_000_000])?;
                drop(ours);
                turns(3).await?;
                assert_eq!(log.take(), ["made", "pause", "lost: Some(32)"]);
                assert_eq!(transport.write_buffer_size(), 0);
                Ok(())
            })
            .unwrap();
        },
    );
}

#[test]
fn what_was_written_before_the_close_arrives() {
    async fn read_all(mut pipe: PipeReader) -> Result<Vec<u8>> {
        let (completer, read) = running_loop().remote_promise();
        std::thread::spawn(move || {
            let mut all = Vec::new();
            let outcome = pipe.read_to_end(&mut all).map(|_| all).map_err(Error::from);
            completer.complete(outcome)
        });
        read.await
    }
    run(async {
        let (ours, theirs) = std::io::pipe()?;
        let writer = connect_write_pipe(theirs).await?;
        let sent: Vec<u8> = (0..1_000_000u32).map(|n| n as u8).collect();
        writer.write(&sent)?;
        writer.writelines(["a", "b"])?;
        writer.close();
        assert_eq!(read_all(ours).await?.len(), sent.len() + 2);
        writer.wait_closed().await
    })
    .unwrap();
}

#[test]
fn files_are_refused_and_descriptors_given_back_as_they_were() {
    run(async {
        let file = std::fs::File::open("/etc/passwd")?;
        let refused = connect_read_pipe(file).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.message()),
            (Kind::Value, "Pipe transport is for pipes/sockets only.")
        );
        let file = std::fs::File::open("/etc/passwd")?;
        let refused = connect_write_pipe(file).await.unwrap_err();
        assert_eq!(
            refused.message(),
            "Pipe transport is only for pipes, sockets and character devices"
        );
        let (mut shared, mut ours) = std::io::pipe()?;
        let (transport, _) = create_read_pipe(|| Rc::new(Log::default()), shared.try_clone()?).await?;
        transport.close();
        turns(2).await?;
        ours.write_all(b"x")?;
        drop(ours);
        assert_eq!(shared.read(&mut [0; 2])?, 1);
        assert_eq!(shared.read(&mut [0; 2])?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_pipe_is_read_by_lines() {
    run(async {
        let (theirs, mut ours) = std::io::pipe()?;
        let reader = connect_read_pipe(theirs).await?;
        ours.write_all(b"one\ntwo\nrest")?;
        drop(ours);
        assert_eq!(reader.read_line().await?, b"one\n");
        assert_eq!(reader.read_line().await?, b"two\n");
        assert_eq!(reader.read_line().await?, b"rest");
        assert_eq!(reader.read_line().await?, b"");
        Ok(())
    })
    .unwrap();
}

//! Streams by the traits of `futures_io`.

use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;

use futures_util::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt};
use kolo_executor::{Error, Kind, Result, create_task, sleep, testing, wait_for};
use kolo_net::{StreamReader, Streams, open_connection_on};

async fn pair() -> Result<(Streams, Streams)> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((
        open_connection_on(ours).await?.into(),
        open_connection_on(theirs).await?.into(),
    ))
}

#[test]
fn what_is_written_is_read_in_order_to_the_end() {
    let received = testing::run(async {
        let (mut ours, mut theirs) = pair().await?;
        let writes = create_task(async move {
            for i in 0..100_u8 {
                ours.write_all(&[i; 10_000]).await?;
            }
            ours.close().await?;
            Ok(ours)
        });
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).await?;
        drop(writes.await?);
        Ok(received)
    })
    .unwrap();
    let sent: Vec<u8> = (0..100_u8).flat_map(|i| [i; 10_000]).collect();
    assert!(received == sent);
}

#[test]
fn the_end_of_one_direction_leaves_the_other() {
    testing::run(async {
        let (mut ours, mut theirs) = pair().await?;
        ours.write_all(b"question").await?;
        ours.close().await?;
        let mut question = String::new();
        theirs.read_to_string(&mut question).await?;
        theirs.write_all(b"answer").await?;
        theirs.close().await?;
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await?;
        assert_eq!((&*question, &*answer), ("question", "answer"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn lines_are_read_and_what_was_shown_and_not_consumed_stays() {
    testing::run(async {
        let mut reader = StreamReader::new();
        reader.feed_data("one\ntwo\nthr");
        let mut line = String::new();
        AsyncBufReadExt::read_line(&mut reader, &mut line).await?;
        assert_eq!(line, "one\n");
        assert_eq!(reader.fill_buf().await?, b"two\nthr");
        reader.consume_unpin(1);
        // Another handle, and asyncio's own functions, go on where this one is.
        assert_eq!(StreamReader::read_line(&reader.clone()).await?, b"wo\n");
        let shown = reader.fill_buf().await?.to_vec();
        reader.feed_data("ee");
        reader.feed_eof();
        assert_eq!(shown, b"thr");
        // What came meanwhile is behind it.
        reader.consume_unpin(0);
        assert_eq!(StreamReader::read_to_end(&reader).await?, b"three");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_handle_that_is_dropped_gives_back_what_it_was_shown() {
    testing::run(async {
        let reader = StreamReader::new();
        reader.feed_data("abc");
        let mut other = reader.clone();
        assert_eq!(other.fill_buf().await?, b"abc");
        drop(other);
        assert_eq!(reader.read(3).await?, b"abc");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_read_that_takes_too_long_is_cancelled_and_loses_nothing() {
    testing::run(async {
        let (mut ours, theirs) = pair().await?;
        let mut bytes = [0; 4];
        let outcome = wait_for(
            async {
                ours.read_exact(&mut bytes).await?;
                Ok(())
            },
            1,
        )
        .await;
        assert!(outcome.unwrap_err().is_timeout());
        theirs.writer.write("late")?;
        ours.read_exact(&mut bytes).await?;
        assert_eq!(&bytes, b"late");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_writer_waits_while_too_much_is_buffered_and_its_cancellation_is_one() {
    testing::run(async {
        let (ours, theirs) = pair().await?;
        let mut writer = ours.writer.clone();
        let written = Rc::new(RefCell::new(0));
        let (counter, peer) = (written.clone(), theirs.reader.clone());
        let writes = create_task(async move {
            loop {
                writer.write_all(&[0; 50_000]).await?;
                *counter.borrow_mut() += 1;
            }
            #[allow(unreachable_code, reason = "says the coroutine's type")]
            Ok(())
        });
        sleep(1).await?;
        let before = *written.borrow();
        sleep(1).await?;
        assert_eq!(*written.borrow(), before, "it waits");
        peer.read_exactly(2_000_000).await?;
        assert!(*written.borrow() > before, "it goes on");
        sleep(1).await?;
        writes.cancel();
        assert!(writes.await.unwrap_err().is_cancelled());
        drop(ours);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_error_of_the_reader_is_that_of_the_poll() {
    testing::run(async {
        let mut reader = StreamReader::new();
        reader.set_error(Error::new(Kind::Io, "gone"));
        let error = Error::from(AsyncReadExt::read(&mut reader, &mut [0; 1]).await.unwrap_err());
        assert_eq!(error.message(), "gone");
        let mut lines = pin!(reader.lines());
        assert!(lines.next().await.is_some_and(|line| line.is_err()));
        Ok(())
    })
    .unwrap();
}

//! Files that are sent by a transport.

use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;

use kolo_executor::{Kind, Result, create_task, sleep, testing};
use kolo_net::{StreamReader, StreamWriter, open_connection_on};

use crate::support::outcome::error_of;

/// A file with so many bytes, none of them where another is, which is gone when it is closed.
fn file_of(count: usize) -> (File, Vec<u8>) {
    let bytes: Vec<u8> = (0..count).map(|i| (i % 251 + i / 251) as u8).collect();
    let name = format!("kolo-net-sendfile-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name);
    File::create(&path).unwrap().write_all(&bytes).unwrap();
    let file = File::open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    (file, bytes)
}

type Ends = ((StreamReader, StreamWriter), (StreamReader, StreamWriter));

async fn pair() -> Result<Ends> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((open_connection_on(ours).await?, open_connection_on(theirs).await?))
}

#[test]
fn a_file_comes_whole_after_what_was_written_and_before_what_is() {
    testing::run(async {
        let ((_reader, writer), (peer, _writer)) = pair().await?;
        let (file, bytes) = file_of(3_000_000);
        // More than there is room for: the file waits.
        writer.write(vec![b'x'; 1_000_000])?;
        let transport = writer.transport();
        let sending = create_task(async move { transport.sendfile(file, 0, None).await });
        let received = create_task(async move { peer.read_exactly(4_000_001).await });
        assert_eq!(sending.await?, 3_000_000);
        writer.write("!")?;
        let received = received.await?;
        assert!(received[..1_000_000].iter().all(|&byte| byte == b'x'));
        assert!(received[1_000_000..4_000_000] == bytes);
        assert_eq!(received[4_000_000], b'!');
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_part_is_sent_from_where_to_where_one_says() {
    testing::run(async {
        let ((_reader, writer), (peer, _writer)) = pair().await?;
        let (file, bytes) = file_of(1000);
        assert_eq!(writer.transport().sendfile(file.try_clone()?, 990, Some(100)).await?, 10);
        assert_eq!(writer.transport().sendfile(file, 100, Some(5)).await?, 5);
        writer.close();
        assert_eq!(peer.read_to_end().await?, [&bytes[990..], &bytes[100..105]].concat());
        Ok(())
    })
    .unwrap();
}

#[test]
fn nothing_else_is_written_meanwhile_and_nothing_read() {
    testing::run(async {
        let ((reader, writer), (peer, peers_writer)) = pair().await?;
        let (file, bytes) = file_of(5_000_000);
        let transport = writer.transport();
        let sending = {
            let transport = transport.clone();
            create_task(async move { transport.sendfile(file, 0, None).await })
        };
        sleep(0).await?;
        assert!(!transport.is_reading());
        let refused = "unable to write; sendfile is in progress".to_owned();
        assert_eq!(error_of(writer.write("x")), (Kind::Runtime, refused));
        let refused = "unable to writelines; sendfile is in progress".to_owned();
        assert_eq!(error_of(writer.writelines(["x"])), (Kind::Runtime, refused));
        peers_writer.write("hello\n")?;
        assert!(peer.read_exactly(bytes.len()).await? == bytes);
        assert_eq!(sending.await?, 5_000_000);
        assert!(transport.is_reading());
        assert_eq!(reader.read_line().await?, b"hello\n");
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_is_cancelled_lets_others_write_again() {
    testing::run(async {
        let ((_reader, writer), (peer, _writer)) = pair().await?;
        let (file, bytes) = file_of(5_000_000);
        let transport = writer.transport();
        let sending = create_task(async move { transport.sendfile(file, 0, None).await });
        sleep(1).await?;
        sending.cancel();
        assert!((&sending).await.unwrap_err().is_cancelled());
        let mut received = peer.read_exactly(10_000).await?;
        let rest = create_task(async move { peer.read_to_end().await });
        sleep(1).await?;
        writer.write("!")?;
        writer.close();
        received.extend(rest.await?);
        assert_eq!(received.pop(), Some(b'!'));
        assert!(received.len() < bytes.len() && bytes.starts_with(&received));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_connection_that_is_lost_or_closing_is_an_error() {
    testing::run(async {
        let ((_reader, writer), (_peer, peers_writer)) = pair().await?;
        let (file, _) = file_of(5_000_000);
        let transport = writer.transport();
        let (sent, again) = (transport.clone(), file.try_clone()?);
        let sending = create_task(async move { sent.sendfile(again, 0, None).await });
        sleep(1).await?;
        peers_writer.abort();
        assert_eq!((&sending).await.unwrap_err().kind(), Kind::Io);
        writer.close();
        let outcome = transport.sendfile(file, 0, None).await;
        assert_eq!(error_of(outcome), (Kind::Runtime, "Transport is closing".to_owned()));
        Ok(())
    })
    .unwrap();
}

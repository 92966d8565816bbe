//! What sockets have to do with the loop's waits: with the virtual clock, and with the proof of deadlocks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use kolo_executor::testing::run as run_virtually;
use kolo_executor::{Kind, Promise, Result, create_task, gather, run, running_loop, sleep};
use kolo_net::{StreamReader, StreamWriter, open_connection, open_connection_on, start_server};

use crate::peers::{address_of, stream_pair};
use crate::support::outcome::kind_of;
use crate::support::runs::traced;

/// Answers each line.
async fn answer(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    loop {
        let line = reader.read_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        writer.write(line)?;
    }
}

#[test]
fn a_server_with_nobody_under_way_does_not_hold_the_virtual_clock() {
    let events = traced(async |trace| {
        let server = start_server(answer, ("127.0.0.1", 0)).await?;
        sleep(100_000).await?;
        trace.log_time("slept");
        let (reader, writer) = open_connection(address_of(&server)).await?;
        sleep(100_000).await?;
        writer.write("hello\n")?;
        assert_eq!(reader.read_line().await?, b"hello\n");
        // What is on its way between two ends of this loop takes no time.
        trace.log_time("answered");
        server.close();
        Ok(())
    });
    assert_eq!(events, ["100000s slept", "200000s answered"]);
}

#[test]
fn what_is_on_its_way_arrives_before_the_virtual_clock_jumps() {
    let events = traced(async |trace| {
        let ((reader, _writer), (_, writer)) = stream_pair().await?;
        let in_task = trace.clone();
        let read = create_task(async move {
            reader.read_exactly(8 << 20).await?;
            in_task.log_time("all has come");
            Ok(())
        });
        writer.write(vec![0; 8 << 20])?;
        sleep(100_000).await?;
        trace.log_time("slept");
        read.await
    });
    assert_eq!(events, ["0s all has come", "100000s slept"]);
}

#[test]
fn two_who_wait_for_each_other_over_a_connection_are_no_proved_deadlock() {
    let outcome: Result<()> = run(async {
        let (ours, theirs) = UnixStream::pair()?;
        let mut outside = theirs.try_clone()?;
        let (reader, _writer) = open_connection_on(ours).await?;
        let (peer, peers_writer) = open_connection_on(theirs).await?;
        // Nobody in this loop ever writes first, but it is not for the loop to know that nobody else does.
        let waits = [
            create_task(async move { reader.read(1).await }),
            create_task(async move { peer.read(1).await }),
        ];
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            outside.write_all(b"x").expect("an open socket");
        });
        let [first, second] = waits;
        assert_eq!(first.await?, b"x");
        second.cancel();
        thread.join().expect("no panic");
        peers_writer.close();
        Ok(())
    });
    outcome.expect("it was not taken for a deadlock");
}

#[test]
fn connections_that_are_paused_or_closed_keep_nobody_from_proving_a_deadlock() {
    let paused = run_virtually(async {
        let ((_reader, writer), (_peer, peers_writer)) = stream_pair().await?;
        writer.transport().pause_reading();
        peers_writer.transport().pause_reading();
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(paused), Kind::Deadlock);

    let full = run_virtually(async {
        let (ours, mut theirs) = UnixStream::pair()?;
        // More is there than twice the limit: it is not read from any more.
        let (_reader, _writer) = open_connection_on(ours).limit(1).await?;
        theirs.write_all(b"abc")?;
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(full), Kind::Deadlock);

    let closed = run_virtually(async {
        let server = start_server(answer, ("127.0.0.1", 0)).await?;
        let (reader, writer) = open_connection(address_of(&server)).await?;
        writer.close();
        server.close();
        gather([reader.read_to_end()]).await?;
        server.wait_closed().await?;
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(closed), Kind::Deadlock);
}

#[test]
fn so_it_is_of_a_server_that_is_never_closed_once_it_is_told_that_nobody_else_comes() {
    let outcome = run_virtually(async {
        running_loop().set_waits_for_descriptors(false);
        let server = start_server(answer, ("127.0.0.1", 0)).await?;
        server.wait_closed().await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
}

#[test]
fn a_server_waits_for_clients_from_elsewhere() {
    let outcome: Result<()> = run(async {
        let stop = Promise::new();
        let stopper = stop.clone();
        let handler = move |reader: StreamReader, writer: StreamWriter| {
            let stopper = stopper.clone();
            async move {
                answer(reader, writer).await?;
                stopper.set_result(())
            }
        };
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let address = address_of(&server);
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            let mut client = TcpStream::connect(address).expect("a server");
            client.write_all(b"hello\n").expect("an open socket");
            let mut answer = [0; 6];
            client.read_exact(&mut answer).expect("an answer");
            answer
        });
        stop.await?;
        assert_eq!(&thread.join().expect("no panic"), b"hello\n");
        server.close();
        server.wait_closed().await
    });
    outcome.expect("a run without an error");
}

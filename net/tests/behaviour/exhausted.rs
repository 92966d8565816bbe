//! When there are no descriptors left, and after everything that goes wrong none is lost.

use std::fs::{self, File};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::{hops, run};
use kolo_executor::{Error, Result, create_task, gather, running_loop, sleep};
use kolo_net::{
    StreamReader, StreamWriter, create_server, open_connection, open_connection_on, open_unix_connection, start_server,
    start_unix_server,
};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::peers::scratch::Scratch;
use crate::peers::{Witness, address_of, closed_port, reset, stream_pair, tcp_pair};
use crate::support::child::in_child;
use crate::support::reports::Reports;
use crate::support::runs::traced;

/// Opens files until there are no descriptors left.
fn use_up() -> Vec<File> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(64);
    setrlimit(Resource::Nofile, limit).expect("a lower limit is always allowed");
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
fn a_server_tells_of_it_once_and_goes_on_a_second_later() {
    let name = concat!(module_path!(), "::a_server_tells_of_it_once_and_goes_on_a_second_later");
    in_child(name, &[], || {
        let events = traced(async |trace| {
            let reports = Reports::of(&running_loop());
            let witness = trace.clone();
            let server = create_server(move || Rc::new(Witness::new(&witness)), ("127.0.0.1", 0)).await?;
            let address = address_of(&server);
            let _clients = [TcpStream::connect(address)?, TcpStream::connect(address)?];
            let files = use_up();
            hops(5).await?;
            for report in reports.take() {
                let error = report.error.expect("the system's");
                assert_eq!((error.errno(), report.details[0].0), (Some(24), "socket"));
                trace.log(report.message);
            }
            sleep(0.5).await?;
            drop(files);
            trace.start();
            trace.log_time("there are descriptors again");
            sleep(0.5).await?;
            trace.log_time("a second is over");
            hops(5).await?;
            assert!(reports.take().is_empty());
            server.close();
            server.abort_clients();
            server.wait_closed().await
        });
        let expected = [
            "socket.accept() out of system resource",
            "0.5s there are descriptors again",
            "1s a second is over",
            "+4 made",
            "+4 made",
            "+8 lost in good order",
            "+8 lost in good order",
        ];
        assert_eq!(events, expected);
    });
}

#[test]
fn closed_meanwhile_it_does_not_go_on() {
    let name = concat!(module_path!(), "::closed_meanwhile_it_does_not_go_on");
    in_child(name, &[], || {
        let events = traced(async |trace| {
            let reports = Reports::of(&running_loop());
            let witness = trace.clone();
            let server = create_server(move || Rc::new(Witness::new(&witness)), ("127.0.0.1", 0)).await?;
            let _client = TcpStream::connect(address_of(&server))?;
            let files = use_up();
            hops(3).await?;
            assert_eq!(reports.take().len(), 1);
            server.close();
            drop(files);
            sleep(2).await?;
            trace.log(reports.take().len());
            server.wait_closed().await
        });
        assert_eq!(events, ["0"]);
    });
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// Waits until its client is done.
async fn quiet(reader: StreamReader, _writer: StreamWriter) -> Result<()> {
    reader.read_to_end().await.map(drop)
}

/// Waits until it is told, so that it can be cancelled.
async fn cut<T: 'static>(after: usize, future: impl Future<Output = Result<T>> + 'static) -> Result<()> {
    let task = create_task(async move { future.await.map(drop) });
    hops(after).await?;
    task.cancel();
    match task.await {
        Err(error) if !error.is_cancelled() => Err(error),
        _ => Ok(()),
    }
}

/// All that can go wrong, and all that can be cancelled.
async fn everything_fails() -> Result<()> {
    running_loop().set_exception_handler(Some(Rc::new(|_| {})));
    let scratch = Scratch::new();
    let nothing = |_: StreamReader, _: StreamWriter| {};
    let failed = [
        open_connection(closed_port()).await.map(drop),
        open_connection(closed_port()).limit(0).await.map(drop),
        open_connection(closed_port()).local_address("192.0.2.1", 0).await.map(drop),
        open_unix_connection(scratch.path("none")).await.map(drop),
        open_unix_connection(scratch.path(&"x".repeat(200))).await.map(drop),
        open_connection_on(UdpSocket::bind(("127.0.0.1", 0))?).await.map(drop),
        open_connection_on(OwnedFd::from(File::open("/dev/null")?)).await.map(drop),
        start_server(nothing, ("192.0.2.1", 0)).await.map(drop),
        start_server(nothing, (["127.0.0.1", "192.0.2.1", "no such host."], 0))
            .await
            .map(drop),
        start_unix_server(nothing, scratch.path("no folder/server")).await.map(drop),
        start_unix_server(nothing, scratch.path(&"x".repeat(200))).await.map(drop),
    ];
    assert!(failed.iter().all(Result::is_err), "{failed:?}");
    {
        let server = start_server(quiet, ("127.0.0.1", 0)).await?;
        let address = address_of(&server);
        assert!(start_server(nothing, address).await.is_err());
        for after in 0..6 {
            cut(after, open_connection(address)).await?;
        }
        // In the fourth iteration it listens: cancelled from then on it stays, as asyncio's does, until the loop is closed.
        for after in 0..4 {
            cut(after, start_server(nothing, ("127.0.0.1", 0))).await?;
        }
        let (reader, writer) = open_connection(address).await?;
        let (other_reader, other_writer) = (reader.clone(), writer.clone());
        cut(1, async move { reader.read(1).await }).await?;
        cut(1, async move { other_reader.read_exactly(1).await }).await?;
        writer.write(vec![0; 8 << 20])?;
        cut(1, async move { other_writer.drain().await }).await?;
        let other_server = server.clone();
        cut(1, async move { other_server.wait_closed().await }).await?;
        writer.abort();
        let other_server = server.clone();
        cut(1, async move { other_server.serve_forever().await }).await?;
        server.abort_clients();
        server.wait_closed().await?;
    }
    let (ours, theirs) = tcp_pair()?;
    let (reader, writer) = open_connection_on(ours).await?;
    reset(theirs);
    assert!(reader.read(1).await.is_err() && writer.wait_closed().await.is_err());
    let (ours, theirs) = UnixStream::pair()?;
    Witness::failing(&Default::default(), "made", Error::value("no"))
        .on(ours)
        .await?
        .abort();
    drop(theirs);
    // And one that goes on its way.
    let ((reader, writer), (peer, peers_writer)) = stream_pair().await?;
    writer.write("x")?;
    writer.write_eof()?;
    assert_eq!(peer.read_to_end().await?, b"x");
    peers_writer.close();
    assert_eq!(reader.read_to_end().await?, b"");
    hops(4).await
}

#[test]
fn of_all_that_goes_wrong_no_descriptor_is_left() {
    let name = concat!(module_path!(), "::of_all_that_goes_wrong_no_descriptor_is_left");
    in_child(name, &[], || {
        let outcome: Result<()> = run(async {
            everything_fails().await?;
            let before = descriptors();
            for _ in 0..3 {
                everything_fails().await?;
                assert_eq!(descriptors(), before);
            }
            Ok(())
        });
        outcome.expect("all of it fails as it should");
    });
}

#[test]
fn connections_one_after_the_other_leave_nothing() {
    let name = concat!(module_path!(), "::connections_one_after_the_other_leave_nothing");
    in_child(name, &[], || {
        let outcome: Result<()> = run(async {
            let server = start_server(quiet, ("127.0.0.1", 0)).await?;
            let address = address_of(&server);
            let one = move || async move {
                let (_reader, writer) = open_connection(address).await?;
                writer.write("x")?;
                writer.close();
                writer.wait_closed().await
            };
            one().await?;
            hops(5).await?;
            let before = descriptors();
            for _ in 0..300 {
                one().await?;
            }
            gather((0..20).map(|_| one())).await?;
            hops(5).await?;
            assert_eq!(descriptors(), before);
            assert_eq!(kolo_executor::all_tasks().len(), 1);
            server.close();
            server.wait_closed().await
        });
        outcome.expect("a run without an error");
    });
}

#[test]
fn what_a_loop_leaves_behind_is_closed_with_it() {
    let name = concat!(module_path!(), "::what_a_loop_leaves_behind_is_closed_with_it");
    in_child(name, &[], || {
        let leave = || {
            let outcome: Result<()> = run(async {
                let server = start_server(quiet, ("127.0.0.1", 0)).await?;
                let address = address_of(&server);
                let waiting = create_task(async move {
                    let (reader, _writer) = open_connection(address).await?;
                    reader.read(1).await
                });
                hops(8).await?;
                // Nobody closes anything: not the server, not the connections, not those that are being made.
                drop(create_task(async move { open_connection(address).await.map(drop) }));
                assert!(!waiting.done());
                drop(server);
                hops(1).await
            });
            outcome.expect("a run without an error");
        };
        leave();
        let before = descriptors();
        leave();
        leave();
        assert_eq!(descriptors(), before);
    });
}

//! `test_server`.

use std::cell::RefCell;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{AnyTask, Kind, Result, create_task, current_task, running_loop};
use kolo_net::{
    OpenConnection, Server, StartServer, StreamReader, StreamWriter, open_connection, open_unix_connection, start_server,
    start_unix_server,
};

use crate::peers::address_of;
use crate::peers::scratch::Scratch;
use crate::support::outcome::kind_of;
use crate::support::runs::in_loop;

fn nothing(_: StreamReader, _: StreamWriter) {}

type Handler = Box<dyn Fn(StreamReader, StreamWriter)>;

/// A server that is ended by its first client.
async fn ended_by_a_client(
    start: impl FnOnce(Handler) -> StartServer + 'static,
    connect: impl FnOnce(&Server) -> OpenConnection + 'static,
    begins_by_itself: bool,
) -> Result<()> {
    let main: Rc<RefCell<Option<AnyTask>>> = Rc::default();
    let to_cancel = main.clone();
    let handler = move |reader: StreamReader, writer: StreamWriter| {
        let main = to_cancel.borrow().clone().expect("it serves");
        create_task(async move {
            reader.read_line().await?;
            main.cancel();
            writer.close();
            writer.wait_closed().await
        });
    };
    let server = start(Box::new(handler)).start_serving(false).await?;
    assert!(!server.is_serving());
    if begins_by_itself {
        server.start_serving().await?;
        assert!(server.is_serving());
    }
    let (serving, slot) = (server.clone(), main.clone());
    let task = create_task(async move {
        slot.replace(current_task());
        serving.serve_forever().await
    });
    hops(2).await?;
    assert!(server.is_serving());
    let (_reader, writer) = connect(&server).await?;
    writer.write("foo\n")?;
    drop(writer);
    assert!(task.await.expect_err("cancelled").is_cancelled());
    assert!(server.addresses().is_empty() && !server.is_serving());
    let error = server.serve_forever().await.expect_err("it is closed");
    assert_eq!(error.kind(), Kind::Runtime);
    assert!(error.message().contains("is closed"), "{error}");
    main.take();
    Ok(())
}

#[test]
fn test_start_server_1() {
    in_loop(async {
        let start = |handler| start_server(handler, ("127.0.0.1", 0));
        ended_by_a_client(start, |server| open_connection(address_of(server)), false).await
    });
}

#[test]
fn test_start_unix_server_1() {
    in_loop(async {
        let scratch = Scratch::new();
        let (path, same) = (scratch.path("server"), scratch.path("server"));
        let start = move |handler| start_unix_server(handler, path);
        ended_by_a_client(start, move |_| open_unix_connection(same), true).await
    });
}

/// A handler that keeps its connection.
fn keeping() -> (impl Fn(StreamReader, StreamWriter) + 'static, Rc<RefCell<Vec<StreamWriter>>>) {
    let kept: Rc<RefCell<Vec<StreamWriter>>> = Rc::default();
    let keeps = kept.clone();
    (move |_, writer| keeps.borrow_mut().push(writer), kept)
}

#[test]
fn test_wait_closed_basic() {
    in_loop(async {
        let (handler, kept) = keeping();
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let waits = |count: usize| -> Vec<_> { (0..count).map(|_| create_task(server.wait_closed())).collect() };
        let first = waits(1);
        hops(2).await?;
        assert!(!first[0].done());
        let (_reader, writer) = open_connection(address_of(&server)).await?;
        let second = waits(1);
        hops(2).await?;
        assert!(!first[0].done() && !second[0].done());
        server.close();
        let third = waits(1);
        hops(2).await?;
        assert!([&first, &second, &third].iter().all(|waits| !waits[0].done()));
        writer.close();
        kept.take();
        for wait in first.into_iter().chain(second).chain(third) {
            wait.await?;
        }
        server.wait_closed().await
    });
}

#[test]
fn test_wait_closed_race() {
    in_loop(async {
        let handler = async |reader: StreamReader, writer: StreamWriter| {
            reader.read_to_end().await?;
            writer.close();
            Ok(())
        };
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let (_reader, writer) = open_connection(address_of(&server)).await?;
        let closes = server.clone();
        running_loop().call_soon(move || closes.close());
        running_loop().call_soon(move || writer.close());
        server.wait_closed().await
    });
}

/// After this the wait for the server's end is over within two iterations.
async fn over_in_two(server: Server, act: impl FnOnce(&Server)) -> Result<()> {
    let wait = create_task(server.wait_closed());
    hops(1).await?;
    assert!(!wait.done());
    server.close();
    act(&server);
    hops(3).await?;
    assert!(wait.done());
    wait.await
}

#[test]
fn test_close_clients() {
    in_loop(async {
        let (handler, _kept) = keeping();
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let _streams = open_connection(address_of(&server)).await?;
        hops(1).await?;
        over_in_two(server, Server::close_clients).await
    });
}

#[test]
fn test_abort_clients() {
    in_loop(async {
        let (handler, kept) = keeping();
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let (_reader, writer) = open_connection(address_of(&server)).await?;
        writer.transport().pause_reading();
        hops(1).await?;
        let theirs = kept.borrow()[0].clone();
        theirs.write(vec![0; 8 << 20])?;
        let drain = create_task(theirs.drain());
        hops(1).await?;
        assert!(!drain.done() && theirs.write_buffer_size() > 0);
        over_in_two(server, Server::abort_clients).await?;
        drain.await
    });
}

/// Whether the path is there while the server is, and after it.
async fn is_there(path: &Path, start: StartServer) -> Result<[bool; 2]> {
    let server = start.await?;
    let while_it_is = path.exists();
    server.close();
    Ok([while_it_is, path.exists()])
}

#[test]
fn test_unix_server_sock_cleanup() {
    in_loop(async {
        let scratch = Scratch::new();
        let path = scratch.path("server");
        assert_eq!(is_there(&path, start_unix_server(nothing, &path)).await?, [true, false]);
        let listener = UnixListener::bind(&path)?;
        assert_eq!(
            is_there(&path, start_unix_server(nothing, &path).on(listener)).await?,
            [true, false]
        );
        Ok(())
    });
}

#[test]
fn test_unix_server_cleanup_replaced() {
    in_loop(async {
        let scratch = Scratch::new();
        let path = scratch.path("server");
        let server = start_unix_server(nothing, &path).await?;
        // Another one's file, which is made before the first goes, has another number.
        let _other = UnixListener::bind(scratch.path("other"))?;
        std::fs::rename(scratch.path("other"), &path)?;
        server.close();
        assert!(path.exists());
        assert_eq!(kind_of(server.serve_forever().await), Kind::Runtime);
        Ok(())
    });
}

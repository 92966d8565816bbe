//! Servers.

use std::cell::RefCell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Result, all_tasks, current_task, running_loop};
use kolo_net::{
    Server, StartServer, StreamReader, StreamWriter, create_server, open_connection, start_server, start_unix_server,
};

use super::writing::logging;
use crate::peers::scratch::Scratch;
use crate::peers::{Streams, Witness, address_of, log, told};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, traced};

pub(super) const LOCAL: (&str, u16) = ("127.0.0.1", 0);

/// A handler that does nothing.
pub(super) fn nothing(_: StreamReader, _: StreamWriter) {}

/// A handler that waits for its client's end, and closes then.
pub(super) async fn until_the_end(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    reader.read(5).await?;
    writer.close();
    Ok(())
}

/// Keeps what a handler is called with.
pub(super) fn keeping() -> (impl Fn(StreamReader, StreamWriter) + 'static, Rc<RefCell<Vec<Streams>>>) {
    let kept = Rc::new(RefCell::new(Vec::new()));
    let keeps = kept.clone();
    (move |reader, writer| keeps.borrow_mut().push((reader, writer)), kept)
}

#[test]
fn v1_a_server_starts_in_four_iterations_and_at_a_path_in_one() {
    let events = traced(async |trace| {
        let begun = async |what: &str, start: StartServer| {
            trace.start();
            let server = start.await?;
            trace.log_iteration(format_args!("{what} {}", server.is_serving()));
            Ok::<Server, Error>(server)
        };
        let server = begun("at a host", start_server(nothing, LOCAL)).await?;
        server.close();
        trace.log(format_args!("{server:?}"));
        let several = start_server(nothing, (["127.0.0.1", "127.0.0.2", "127.0.0.1"], 0));
        let server = begun("at several", several).await?;
        trace.log(server.addresses().len());
        server.close();
        let scratch = Scratch::new();
        begun("at a path", start_unix_server(nothing, scratch.path("server")))
            .await?
            .close();
        assert!(!scratch.path("server").exists());
        let socket = TcpListener::bind(LOCAL)?;
        begun("on a socket", start_server(nothing, LOCAL).on(socket)).await?.close();
        let server = begun("not at once", start_server(nothing, LOCAL).start_serving(false)).await?;
        for _ in 0..2 {
            server.start_serving().await?;
            trace.log_iteration(server.is_serving());
        }
        server.close();
        Ok(())
    });
    let expected = [
        "+4 at a host true",
        "<Server sockets=()>",
        "+4 at several true",
        "2",
        "+1 at a path true",
        "+1 on a socket true",
        "+3 not at once false",
        "+4 true",
        "+5 true",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v2_what_cannot_be_bound() {
    let events = traced(async |trace| {
        let server = start_server(nothing, LOCAL).await?;
        let address = address_of(&server);
        trace.start();
        let port = address.port().to_string();
        let log = |outcome: Result<Server>| {
            trace.log_iteration(told(outcome.map(drop)).replace(&port, "PORT"));
        };
        log(start_server(nothing, address).await);
        log(start_server(nothing, ("192.0.2.1", 0)).await);
        let server = start_server(nothing, (["192.0.2.1", "127.0.0.1"], 0)).await?;
        trace.log_iteration(server.addresses().len());
        log(start_server(nothing, LOCAL).limit(0).await);
        let scratch = Scratch::new();
        std::fs::write(scratch.path("file"), "")?;
        let taken = told(start_unix_server(nothing, scratch.path("file")).await.map(drop));
        let path = scratch.path("file").display().to_string();
        trace.log_iteration(taken.replace(&path, "FILE"));
        assert!(scratch.path("file").exists());
        log(start_unix_server(nothing, scratch.path(&"x".repeat(200))).await);
        log(start_unix_server(nothing, scratch.path("no folder/server")).await);
        Ok(())
    });
    let expected = [
        "+3 [Errno 98] error while attempting to bind on address ('127.0.0.1', PORT): [errno 98] address already in use",
        "+6 could not bind on any address out of [('192.0.2.1', 0)]",
        "+10 1",
        // asyncio learns that with the first connection.
        "+10 Limit cannot be <= 0",
        "+10 [Errno 98] Address 'FILE' is already in use",
        "+10 AF_UNIX path too long",
        "+10 [Errno 2] No such file or directory",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v3_as_many_connections_are_accepted_in_an_iteration_as_the_backlog_says() {
    let events = traced(async |trace| {
        let witness = trace.clone();
        let server = create_server(move || Rc::new(Witness::new(&witness)), LOCAL)
            .backlog(2)
            .await?;
        let address = address_of(&server);
        trace.start();
        let _clients = [
            TcpStream::connect(address)?,
            TcpStream::connect(address)?,
            TcpStream::connect(address)?,
        ];
        hops(6).await?;
        server.close();
        server.close_clients();
        log(&trace, "closed", server.wait_closed()).await;
        Ok(())
    });
    let lost = "+7 lost in good order";
    assert_eq!(events, ["+3 made", "+3 made", "+4 made", lost, lost, lost, "+8 closed: fine"]);
}

/// The names of all tasks.
fn names() -> String {
    let mut names: Vec<String> = all_tasks().iter().map(|task| task.name().to_string()).collect();
    names.sort();
    names.join(" ")
}

#[test]
fn v4_v5_a_connection_is_handled_three_iterations_after_it_came_and_takes_two_tasks() {
    let events = traced(async |trace| {
        let in_handler = trace.clone();
        let handler = move |_, writer: StreamWriter| {
            let trace = in_handler.clone();
            async move {
                trace.log_iteration(format_args!(
                    "handler {}: {}",
                    current_task().expect("a task").name(),
                    names()
                ));
                writer.close();
                Ok(())
            }
        };
        let server = start_server(handler, LOCAL).await?;
        trace.start();
        let _client = TcpStream::connect(address_of(&server))?;
        for _ in 0..6 {
            trace.log_iteration(names());
            hops(1).await?;
        }
        server.close();
        log(&trace, "closed", server.wait_closed()).await;
        Ok(())
    });
    let expected = [
        "+0 Task-1",
        "+1 Task-1",
        "+2 Task-1 Task-3",
        "+3 Task-1 Task-3",
        "+4 Task-1 Task-3 Task-4",
        "+4 handler Task-4: Task-1 Task-3 Task-4",
        "+5 Task-1",
        "+6 closed: fine",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v6_a_plain_handler_is_called_when_the_connection_is_made() {
    let events = traced(async |trace| {
        let in_handler = trace.clone();
        let handler = move |_: StreamReader, writer: StreamWriter| {
            in_handler.log_iteration("plain");
            writer.close();
        };
        let server = start_server(handler, LOCAL).await?;
        trace.start();
        let _client = TcpStream::connect(address_of(&server))?;
        hops(5).await?;
        server.close();
        server.wait_closed().await
    });
    assert_eq!(events, ["+3 plain"]);
}

#[test]
fn v7_an_error_closes_the_connection_and_so_does_a_cancellation_but_not_an_end_in_good_order() {
    let events = traced(async |trace| {
        let reports = Reports::of(&running_loop());
        let (in_handler, kept) = (trace.clone(), Rc::new(RefCell::new(Vec::new())));
        let keeps = kept.clone();
        let handler = move |reader: StreamReader, writer: StreamWriter| {
            let (trace, keeps) = (in_handler.clone(), keeps.clone());
            async move {
                let line = reader.read_line().await?;
                trace.log_iteration(String::from_utf8_lossy(&line));
                // In Python the error has the frame, and that the writer. Here it is dropped with the coroutine, which closes the connection one
                // iteration before the callback does.
                if [&b"fail\n"[..], b"cancel\n"].contains(&&*line) {
                    keeps.borrow_mut().push(writer.clone());
                }
                match &*line {
                    b"fail\n" => return Err(Error::value("oh")),
                    b"cancel\n" => {
                        current_task().expect("a task").cancel();
                        hops(1).await?;
                    }
                    b"keep\n" => keeps.borrow_mut().push(writer),
                    _ => {}
                }
                Ok(())
            }
        };
        let server = start_server(handler, LOCAL).await?;
        for line in ["fail\n", "cancel\n", "drop\n", "keep\n"] {
            let (reader, writer) = open_connection(address_of(&server)).await?;
            trace.start();
            writer.write(line)?;
            let client = logging(&trace, "client", async move { reader.read(5).await });
            hops(9).await?;
            for report in reports.take() {
                assert_eq!((report.details[0].0, report.details.len()), ("transport", 1));
                trace.log(format_args!("{}: {}", report.message, report.error.expect("the handler's")));
            }
            let is_kept = line == "keep\n";
            assert_eq!(client.done(), !is_kept);
            drop(kept.take());
            client.await?;
            writer.close();
            writer.wait_closed().await?;
        }
        server.close();
        server.wait_closed().await
    });
    let expected = [
        "+2 fail\n",
        "+6 client: \"\"",
        "Unhandled exception in client_connected_cb: oh",
        "+2 cancel\n",
        "+7 client: \"\"",
        "+2 drop\n",
        "+5 client: \"\"",
        "+2 keep\n",
        "+12 client: \"\"",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v12_the_path_of_a_server_is_its_own_unless_another_takes_it() {
    in_loop(async {
        let scratch = Scratch::new();
        let path = scratch.path("server");
        let first = start_unix_server(nothing, &path).await?;
        let second = start_unix_server(nothing, &path).await?;
        first.close();
        assert!(path.exists(), "it is the second one's");
        second.close();
        assert!(!path.exists());
        Ok(())
    });
}

//! How servers end: closed, cancelled, and while connections come in.

use std::cell::RefCell;
use std::net::TcpStream;
use std::rc::Rc;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{all_tasks, create_task, current_task};
use kolo_net::{Server, StreamReader, StreamWriter, open_connection, start_server};

use super::servers::{LOCAL, keeping, nothing, until_the_end};
use super::writing::logging;
use crate::peers::{address_of, log, next, told};
use crate::support::runs::traced;
#[test]
fn v9_a_server_is_over_when_it_is_closed_and_its_last_connection_is_lost() {
    let events = traced(async |trace| {
        let server = start_server(until_the_end, LOCAL).await?;
        let (_reader, writer) = open_connection(address_of(&server)).await?;
        hops(1).await?;
        trace.start();
        let before = logging(&trace, "who asked before", server.wait_closed());
        hops(1).await?;
        trace.log_iteration(format_args!("{} {}", server.is_serving(), server.addresses().len()));
        server.close();
        server.close();
        trace.log_iteration(format_args!("{} {}", server.is_serving(), server.addresses().len()));
        let after = logging(&trace, "who asked after", server.wait_closed());
        hops(3).await?;
        assert!(!before.done() && !after.done());
        writer.close();
        after.await?;
        log(&trace, "at once", server.wait_closed()).await;
        Ok(())
    });
    let expected = [
        "+1 true 1",
        "+1 false 0",
        "+9 who asked before: fine",
        "+9 who asked after: fine",
        "+10 at once: fine",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v9_without_connections_it_is_over_at_once() {
    let events = traced(async |trace| {
        let server = start_server(nothing, LOCAL).await?;
        trace.start();
        let before = logging(&trace, "who asked before", server.wait_closed());
        hops(2).await?;
        trace.log_iteration("closes");
        server.close();
        log(&trace, "at once", server.wait_closed()).await;
        before.await
    });
    assert_eq!(events, ["+2 closes", "+2 at once: fine", "+3 who asked before: fine"]);
}

#[test]
fn v10_its_connections_can_be_closed_in_the_order_in_which_they_came() {
    for abort in [false, true] {
        let events = traced(async move |trace| {
            let in_handler = trace.clone();
            let handler = move |reader: StreamReader, writer: StreamWriter| {
                let trace = in_handler.clone();
                async move {
                    let port = writer.peer_address().and_then(|peer| peer.port());
                    log(&trace, port.expect("of TCP"), reader.read(5)).await;
                    log(&trace, "lost", writer.wait_closed()).await;
                    Ok(())
                }
            };
            let server = start_server(handler, LOCAL).await?;
            let first = open_connection(address_of(&server)).await?;
            let second = open_connection(address_of(&server)).await?;
            hops(2).await?;
            trace.start();
            server.close();
            match abort {
                false => server.close_clients(),
                true => server.abort_clients(),
            }
            log(&trace, "closed", server.wait_closed()).await;
            hops(2).await?;
            assert!(first.0.at_eof() && second.0.at_eof());
            let ports = [&first, &second].map(|(_, writer)| writer.local_address().and_then(|own| own.port()));
            trace.log(format_args!("{} {}", ports[0].expect("of TCP"), ports[1].expect("of TCP")));
            Ok(())
        });
        let (first, second) = events[5].split_once(' ').expect("two ports");
        let expected = [
            &format!("+2 {first}: \"\""),
            "+2 lost: fine",
            &format!("+2 {second}: \"\""),
            "+2 lost: fine",
            "+2 closed: fine",
        ];
        assert_eq!(events[..5], expected);
    }
}

#[test]
fn v11_serve_forever_ends_when_it_is_cancelled_and_the_clients_have_gone() {
    let events = traced(async |trace| {
        let server = start_server(until_the_end, LOCAL).await?;
        let (_reader, writer) = open_connection(address_of(&server)).await?;
        hops(1).await?;
        trace.start();
        let port = address_of(&server).port().to_string();
        let forever = logging(&trace, "forever", server.serve_forever());
        hops(1).await?;
        let twice = told(server.serve_forever().await).replace(&port, "PORT");
        trace.log_iteration(twice);
        forever.cancel();
        hops(3).await?;
        trace.log_iteration(format_args!("{} {}", forever.done(), server.is_serving()));
        writer.close();
        forever.await?;
        log(&trace, "closed", server.serve_forever()).await;
        Ok(())
    });
    let expected = [
        "+1 server <Server sockets=(('127.0.0.1', PORT))> is already being awaited on serve_forever()",
        "+4 false false",
        "+9 forever: cancelled",
        "+10 closed: server <Server sockets=()> is closed",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v11_it_ends_when_the_server_is_closed() {
    let events = traced(async |trace| {
        let server = start_server(nothing, LOCAL).start_serving(false).await?;
        trace.start();
        let forever = logging(&trace, "forever", server.serve_forever());
        hops(1).await?;
        trace.log(server.is_serving());
        server.close();
        forever.await
    });
    assert_eq!(events, ["true", "+2 forever: cancelled"]);
}

#[test]
fn connections_that_come_while_a_server_closes_are_closed() {
    let seen = |after: usize| {
        traced(async move |trace| {
            let in_handler = trace.clone();
            let handler = move |_, writer: StreamWriter| {
                in_handler.log_iteration("handler");
                async move {
                    writer.close();
                    Ok(())
                }
            };
            let server = start_server(handler, LOCAL).await?;
            trace.start();
            let client = TcpStream::connect(address_of(&server))?;
            client.set_nonblocking(true)?;
            hops(after).await?;
            server.close();
            log(&trace, "closed", server.wait_closed()).await;
            hops(3).await?;
            trace.log(next(&client));
            Ok(())
        })
    };
    // Nobody has accepted it.
    let refused = "Connection reset by peer (os error 104)";
    assert_eq!(seen(0), ["+0 closed: fine", refused]);
    assert_eq!(seen(1), ["+1 closed: fine", refused]);
    // It was accepted, and has no transport yet: asyncio leaves it to the garbage collector.
    assert_eq!(seen(2), ["+2 closed: fine", "end"]);
    // It is the server's, which waits for it.
    assert_eq!(seen(3), ["+3 handler", "+6 closed: fine", "end"]);
    assert_eq!(seen(4), ["+3 handler", "+6 closed: fine", "end"]);
}

#[test]
fn the_task_that_accepts_can_be_cancelled() {
    let seen = |after: usize| {
        traced(async move |trace: Trace| {
            let (handler, kept) = keeping();
            let server = start_server(handler, LOCAL).await?;
            trace.start();
            let client = TcpStream::connect(address_of(&server))?;
            client.set_nonblocking(true)?;
            hops(after).await?;
            let own = current_task().expect("a task");
            for task in all_tasks().into_iter().filter(|task| *task != own) {
                task.cancel();
            }
            hops(4).await?;
            trace.log(format_args!("{} {}", kept.borrow().len(), next(&client)));
            server.close();
            log(&trace, "closed", server.wait_closed()).await;
            Ok(())
        })
    };
    assert_eq!(seen(2), ["0 end", "+6 closed: fine"]);
    assert_eq!(seen(3), ["1 end", "+7 closed: fine"]);
}

#[test]
fn a_cancelled_wait_for_the_end_is_nobody_elses() {
    let events = traced(async |trace| {
        let server = start_server(nothing, LOCAL).await?;
        trace.start();
        let one = logging(&trace, "one", server.wait_closed());
        let two = logging(&trace, "two", server.wait_closed());
        hops(1).await?;
        one.cancel();
        hops(2).await?;
        server.close();
        two.await
    });
    assert_eq!(events, ["+2 one: cancelled", "+4 two: fine"]);
}

#[test]
fn a_server_may_be_closed_by_its_handler() {
    let events = traced(async |trace| {
        let (slot, in_handler) = (Rc::new(RefCell::new(None::<Server>)), trace.clone());
        let own = slot.clone();
        let handler = move |_: StreamReader, _: StreamWriter| {
            in_handler.log_iteration("handler");
            own.borrow().as_ref().expect("it has started").close();
        };
        let server = start_server(handler, LOCAL).await?;
        slot.replace(Some(server.clone()));
        trace.start();
        let address = address_of(&server);
        let _clients = create_task(async move { open_connection(address).await });
        log(&trace, "closed", server.wait_closed()).await;
        slot.take();
        Ok(())
    });
    assert_eq!(events, ["+4 handler", "+6 closed: fine"]);
}

/// asyncio leaves a server on its own that listens already when its start is cancelled, and so do we: somebody may have connected.
#[test]
fn one_whose_start_is_cancelled_goes_on() {
    let events = traced(async |trace| {
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        let starting = create_task(async move { start_server(until_the_end, LOCAL).on(socket).await });
        hops(1).await?;
        starting.cancel();
        trace.log(format_args!("{:?}", starting.await.map(drop).map_err(|error| error.kind())));
        let (reader, writer) = open_connection(address).await?;
        writer.write_eof()?;
        trace.log(format_args!("{:?}", reader.read(1).await?));
        Ok(())
    });
    assert_eq!(events, ["Err(Cancelled)", "[]"]);
}

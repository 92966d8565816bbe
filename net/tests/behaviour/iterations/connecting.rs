//! Connections that this side begins.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, Result, create_task};
use kolo_net::{StreamReader, StreamWriter, open_connection, open_connection_on, open_unix_connection};

use crate::peers::scratch::Scratch;
use crate::peers::{closed_port, told, words};
use crate::support::outcome::error_of;
use crate::support::runs::{in_loop, traced};

/// Of two streams the words, should they be an error.
fn ended(outcome: Result<(StreamReader, StreamWriter)>) -> String {
    told(outcome.map(drop))
}

#[test]
fn c1_c2_an_address_is_connected_to_in_four_iterations_and_never_looked_up() {
    let events = traced(async |trace| {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let _by_address = open_connection(address).await?;
        trace.log_iteration("by its address");
        trace.start();
        let _by_text = open_connection(("127.0.0.1", address.port())).await?;
        trace.log_iteration("by its text");
        Ok(())
    });
    assert_eq!(events, ["+4 by its address", "+4 by its text"]);
}

#[test]
fn c3_a_path_and_a_socket_in_two() {
    let events = traced(async |trace| {
        let scratch = Scratch::new();
        let _listener = UnixListener::bind(scratch.path("server"))?;
        let _by_path = open_unix_connection(scratch.path("server")).await?;
        trace.log_iteration("by its path");
        trace.start();
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
        let _on = open_connection_on(ours).await?;
        trace.log_iteration("on a socket");
        Ok(())
    });
    assert_eq!(events, ["+2 by its path", "+2 on a socket"]);
}

#[test]
fn c4_refused_says_to_whom_two_iterations_later() {
    let events = traced(async |trace| {
        let address = closed_port();
        let error = open_connection(address).await.map(drop).unwrap_err();
        let expected = format!("[Errno 111] Connect call failed ('127.0.0.1', {})", address.port());
        assert_eq!(words(&error), expected);
        assert_eq!(error.place().expect("here").file(), file!());
        trace.log_iteration("refused");
        let error = open_connection(address).all_errors(true).await.map(drop).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Group, "create_connection failed"));
        assert_eq!(error.errors().iter().map(words).collect::<Vec<_>>(), [expected]);
        Ok(())
    });
    assert_eq!(events, ["+2 refused"]);
}

#[test]
fn c4_of_a_path_the_system_says_what_is_wrong() {
    let events = traced(async |trace| {
        let scratch = Scratch::new();
        trace.log_iteration(ended(open_unix_connection(scratch.path("none")).await));
        let long = "x".repeat(200);
        trace.log_iteration(ended(open_unix_connection(scratch.path(&long)).await));
        let listener = UnixListener::bind(scratch.path("left"))?;
        drop(listener);
        trace.log_iteration(ended(open_unix_connection(scratch.path("left")).await));
        fs::write(scratch.path("file"), "")?;
        trace.log_iteration(ended(open_unix_connection(scratch.path("file")).await));
        Ok(())
    });
    let expected = [
        "+0 [Errno 2] No such file or directory",
        "+0 AF_UNIX path too long",
        "+0 [Errno 111] Connection refused",
        "+0 [Errno 111] Connection refused",
    ];
    assert_eq!(events, expected);
}

#[test]
fn c4_a_socket_that_is_none_of_streams_is_refused() {
    in_loop(async {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let (kind, message) = error_of(open_connection_on(socket).await.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(message.starts_with("A Stream Socket was expected, got "), "{message}");
        let (no_socket, _other) = std::io::pipe()?;
        let outcome = open_connection_on(OwnedFd::from(no_socket)).await;
        assert_eq!(error_of(outcome.map(drop)).0, Kind::Value);
        Ok(())
    });
}

#[test]
fn c4_a_limit_of_0_is_refused_before_anything_is_done() {
    let events = traced(async |trace| {
        let outcome = open_connection(closed_port()).limit(0).await.map(drop);
        assert_eq!(error_of(outcome), (Kind::Value, "Limit cannot be <= 0".to_owned()));
        trace.log_iteration("refused");
        Ok(())
    });
    assert_eq!(events, ["+0 refused"]);
}

#[test]
fn c5_the_local_address_is_taken_first() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (_, writer) = open_connection(address).local_address("127.0.0.2", 0).await?;
        let own = writer.local_address().and_then(|own| own.inet()).expect("of TCP");
        assert_eq!(own.ip().to_string(), "127.0.0.2");
        assert_eq!(listener.accept()?.1, own);

        let outcome = open_connection(address).local_address("192.0.2.1", 0).await;
        let expected = "[Errno 99] error while attempting to bind on address ('192.0.2.1', 0): \
                        [errno 99] cannot assign requested address";
        assert_eq!(ended(outcome), expected);

        let outcome = open_connection(address).local_address("::1", 0).await;
        let expected = "no matching local address with family=<AddressFamily.AF_INET: 2> found";
        assert_eq!(ended(outcome), expected);
        Ok(())
    });
}

#[test]
fn c7_cancelled_on_the_way_it_is_closed() {
    for after in 0..5 {
        let events = traced(async move |trace| {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            trace.start();
            let task = create_task(async move { open_connection(address).await });
            hops(after).await?;
            task.cancel();
            let cancelled = task.await.map(drop).unwrap_err().is_cancelled();
            trace.log_iteration(cancelled);
            hops(2).await?;
            if let Ok((mut peer, _)) = listener.accept() {
                // Whatever came to be is gone.
                peer.set_nonblocking(true)?;
                trace.log(crate::peers::next(&mut peer));
            }
            Ok(())
        });
        let expected: &[&str] = match after {
            0 => &["+2 true"],
            1 => &["+3 true", "end"],
            2 | 3 => &["+4 true", "end"],
            _ => &["+6 true", "end"],
        };
        assert_eq!(events, expected, "after {after}");
    }
}

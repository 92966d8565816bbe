//! A program that is a server, and the signals that end it.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use kolo::http::web::{Application, run_app};
use kolo::{Kind, Result, create_subprocess_exec, sleep};

use crate::child::in_child;

/// A port that was free just now.
fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it is bound").port()
}

/// Asks as soon as somebody listens, and gives the whole answer.
fn ask(port: u16) -> String {
    let mut socket = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(socket) => break socket,
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    };
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is read");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the server closes in good order");
    answer
}

/// The program is told to end while it answers a request.
fn ends_in_good_order(signal: &'static str) -> Result<()> {
    let port = free_port();
    let app = Application::new();
    app.get("/", async move |_| {
        let pid = process::id().to_string();
        create_subprocess_exec(["kill", signal, &pid]).await?.wait().await?;
        sleep(0.2).await?; // the signal is there by now, and the request is under way
        Ok("answered all the same")
    })?;
    let cleaned = Rc::new(Cell::new(0));
    let note = cleaned.clone();
    app.on_cleanup(async move |_| {
        note.set(note.get() + 1);
        Ok(())
    });
    let client = thread::spawn(move || ask(port));
    run_app(&app, ("127.0.0.1", port))?;
    let answer = client.join().expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("answered all the same"), "{answer}");
    assert_eq!(cleaned.get(), 1);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    Ok(())
}

#[test]
fn sigterm_ends_it_in_good_order() {
    let name = concat!(module_path!(), "::sigterm_ends_it_in_good_order");
    let output = in_child(name, &[], || ends_in_good_order("-TERM").expect("it ends well"));
    if let Some(output) = output {
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("======== Running on http://127.0.0.1:"), "{told}");
        assert!(told.contains("(Press CTRL+C to quit)"), "{told}");
    }
}

#[test]
fn ctrl_c_ends_it_in_good_order() {
    let name = concat!(module_path!(), "::ctrl_c_ends_it_in_good_order");
    in_child(name, &[], || ends_in_good_order("-INT").expect("it ends well"));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let name = concat!(module_path!(), "::a_port_that_is_taken_is_an_error");
    in_child(name, &[], || {
        let error = run_app(&Application::new(), ("127.0.0.1", port)).unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(98)));
    });
}

//! The clients: plain blocking sockets, in a process of their own.

use std::io::{Read, Result, Write, stdin, stdout};
use std::net::{Shutdown, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Signal, set_parent_process_death_signal};

pub(crate) fn run(kind: &str, port: &str, count: &str) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let invalid = |_| std::io::Error::other("a port and a number are wanted");
    let (port, count) = (port.parse().map_err(invalid)?, count.parse().map_err(invalid)?);
    match kind {
        "idle" => idle(port, count),
        "slow_writers" => slow_writers(port, count),
        "slow_readers" => slow_readers(port, count),
        "faulty" => faulty(port, count),
        "deaf" => deaf(port, count),
        "many" => many(port, count),
        _ => Err(std::io::Error::other("no such clients")),
    }
}

fn connect(port: u16, count: usize) -> Result<Vec<TcpStream>> {
    (0..count).map(|_| TcpStream::connect(("127.0.0.1", port))).collect()
}

/// Tells the server's process, and waits for its answer.
fn tell_and_wait() -> Result<()> {
    println!("ready");
    stdout().flush()?;
    stdin().read_line(&mut String::new()).map(drop)
}

/// Connect, and do nothing until they are told to go.
fn idle(port: u16, count: usize) -> Result<()> {
    let _connections = connect(port, count)?;
    tell_and_wait()
}

/// Send a line byte by byte, in turn, and have it back.
fn slow_writers(port: u16, count: usize) -> Result<()> {
    let mut connections = connect(port, count)?;
    let line = [&[b'x'; 99][..], b"\n"].concat();
    for byte in &line {
        for connection in &mut connections {
            connection.write_all(&[*byte])?;
        }
    }
    for connection in &mut connections {
        let mut answer = vec![0; line.len()];
        connection.read_exact(&mut answer)?;
        assert!(answer == line, "another answer");
    }
    Ok(())
}

/// Read nothing for a while, then to the end, a little at a time and in turn.
fn slow_readers(port: u16, count: usize) -> Result<()> {
    let mut connections = connect(port, count)?;
    sleep(Duration::from_secs(1));
    let mut bytes = [0; 64 * 1024];
    while !connections.is_empty() {
        let mut at = 0;
        while at < connections.len() {
            match connections[at].read(&mut bytes)? {
                0 => drop(connections.swap_remove(at)),
                _ => at += 1,
            }
        }
    }
    Ok(())
}

/// One after the other: one that is reset in the middle of a line, one that ends there, and one that ends half and reads the answer.
fn faulty(port: u16, count: usize) -> Result<()> {
    for _ in 0..count {
        let mut reset = TcpStream::connect(("127.0.0.1", port))?;
        reset.write_all(b"half a li")?;
        set_socket_linger(&reset, Some(Duration::ZERO))?;
        drop(reset);

        let mut ended = TcpStream::connect(("127.0.0.1", port))?;
        ended.write_all(b"half a li")?;
        drop(ended);

        let mut half_closed = TcpStream::connect(("127.0.0.1", port))?;
        half_closed.write_all(b"a line\n")?;
        half_closed.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        half_closed.read_to_string(&mut answer)?;
        assert!(answer == "a line\n", "another answer");
    }
    Ok(())
}

/// Ask for much, and never read.
fn deaf(port: u16, count: usize) -> Result<()> {
    let _connections = connect(port, count)?;
    tell_and_wait()
}

/// One after the other: a byte there and back. The server closes first, so that nothing is left of a connection that is reset then.
fn many(port: u16, count: usize) -> Result<()> {
    let mut bytes = Vec::new();
    for _ in 0..count {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        set_socket_linger(&connection, Some(Duration::ZERO))?;
        connection.write_all(b"x")?;
        bytes.clear();
        connection.read_to_end(&mut bytes)?;
        assert!(bytes == b"x", "another answer");
    }
    Ok(())
}

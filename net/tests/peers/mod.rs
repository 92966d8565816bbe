//! What the test programs of net share: ends of connections, and protocols that tell what they are told.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod scratch;

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use kolo_executor::testing::Trace;
use kolo_executor::{Error, Result};
use kolo_net::{Protocol, Server, StreamReader, StreamWriter, Transport, create_connection_on, open_connection_on};
use rustix::net::sockopt::set_socket_linger;

/// The two streams of a connection.
pub(crate) type Streams = (StreamReader, StreamWriter);

/// Both ends of a connection, as streams. It takes 4 iterations.
pub(crate) async fn stream_pair() -> Result<(Streams, Streams)> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((open_connection_on(ours).await?, open_connection_on(theirs).await?))
}

/// One end as streams, of which nobody has heard anything yet, and the other, which does not block.
pub(crate) async fn streams_and_peer() -> Result<(StreamReader, StreamWriter, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    let (reader, writer) = open_connection_on(ours).await?;
    Ok((reader, writer, theirs))
}

/// Both ends of a connection over TCP.
pub(crate) fn tcp_pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    Ok((ours, theirs))
}

/// Closes a socket so that its peer is told of a reset.
pub(crate) fn reset(socket: TcpStream) {
    set_socket_linger(&socket, Some(Duration::ZERO)).expect("an open socket");
}

/// Where nobody listens.
pub(crate) fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket")
}

/// Where a server listens, over TCP.
pub(crate) fn address_of(server: &Server) -> SocketAddr {
    server.addresses()[0].inet().expect("a server of TCP")
}

/// Sends what there is room for.
pub(crate) fn send(mut socket: impl Write, bytes: &[u8]) {
    socket.write_all(bytes).expect("an open socket with room");
}

/// Takes all that has come, and says how much it was.
pub(crate) fn empty(mut socket: impl Read) -> usize {
    let mut count = 0;
    let mut buffer = vec![0; 1 << 20];
    while let Ok(received @ 1..) = socket.read(&mut buffer) {
        count += received;
    }
    count
}

/// What one read finds: the bytes, the end, or nothing.
pub(crate) fn next(mut socket: impl Read) -> String {
    let mut buffer = [0; 100];
    match socket.read(&mut buffer) {
        Ok(0) => "end".to_owned(),
        Ok(count) => String::from_utf8_lossy(&buffer[..count]).into_owned(),
        Err(error) if error.kind() == ErrorKind::WouldBlock => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Sends as much as there is room for, also by a socket that blocks, and says how much that was.
pub(crate) fn brim(socket: &impl AsFd) -> usize {
    let mut count = 0;
    while let Ok(sent) = rustix::net::send(socket, &[0; 65536], rustix::net::SendFlags::DONTWAIT) {
        count += sent;
    }
    count
}

/// How something ended: its value as text, or its error's words.
pub(crate) fn told<T: Shown>(outcome: Result<T>) -> String {
    outcome.map_or_else(|error| words(&error), |value| value.shown())
}

/// What an error says, or is: the system's with its number, as Python writes it.
pub(crate) fn words(error: &Error) -> String {
    let message = error.message();
    match error.errno() {
        _ if error.is_cancelled() => "cancelled".to_owned(),
        Some(number) if !message.starts_with("[Errno ") => {
            let message = message.trim_end_matches(&format!(" (os error {number})"));
            format!("[Errno {number}] {message}")
        }
        _ => message.to_owned(),
    }
}

/// What tests show of a value.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

impl Shown for () {
    fn shown(&self) -> String {
        "fine".to_owned()
    }
}

impl Shown for Vec<u8> {
    fn shown(&self) -> String {
        format!("{:?}", String::from_utf8_lossy(self))
    }
}

/// Logs, with its iteration, how a future ends.
pub(crate) async fn log<T: Shown>(trace: &Trace, what: impl Display, future: impl Future<Output = Result<T>>) {
    let outcome = future.await;
    trace.log_iteration(format_args!("{what}: {}", told(outcome)));
}

/// Tells in a trace what a transport tells it.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) trace: Trace,
    /// Whether it stays open when the peer has ended.
    pub(crate) keeps_open: bool,
    /// The name of the call that fails, and what with.
    pub(crate) fails: Option<(&'static str, Error)>,
    pub(crate) transport: RefCell<Option<Transport>>,
}

impl Witness {
    pub(crate) fn new(trace: &Trace) -> Witness {
        Witness {
            trace: trace.clone(),
            ..Witness::default()
        }
    }

    /// One whose peer's end does not close the connection.
    pub(crate) fn open(trace: &Trace) -> Witness {
        Witness {
            keeps_open: true,
            ..Witness::new(trace)
        }
    }

    /// One of which a call fails.
    pub(crate) fn failing(trace: &Trace, call: &'static str, error: Error) -> Witness {
        Witness {
            fails: Some((call, error)),
            ..Witness::new(trace)
        }
    }

    /// A transport for this socket, with this for a protocol.
    pub(crate) async fn on(self, socket: impl Into<std::os::fd::OwnedFd>) -> Result<Transport> {
        let (transport, _) = create_connection_on(|| Rc::new(self), socket).await?;
        Ok(transport)
    }

    fn told(&self, call: &str, of: impl Debug) -> Result<()> {
        let of = format!("{of:?}");
        let separator = if of.is_empty() { "" } else { " " };
        self.trace.log_iteration(format_args!("{call}{separator}{of}"));
        match &self.fails {
            Some((fails, error)) if *fails == call => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// Text that is shown as it is.
struct Plain(String);

impl Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn plain(text: impl Into<String>) -> Plain {
    Plain(text.into())
}

impl Protocol for Witness {
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        self.transport.replace(Some(transport.clone()));
        self.told("made", plain(""))
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        match data.len() {
            ..20 => self.told("data", plain(String::from_utf8_lossy(data))),
            count => self.told("data", plain(format!("of {count} bytes"))),
        }
    }

    fn eof_received(&self) -> Result<bool> {
        self.told("eof", plain("")).map(|()| self.keeps_open)
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.transport.take();
        let how = error.map_or("in good order".to_owned(), words);
        self.told("lost", plain(how))
    }

    fn pause_writing(&self) -> Result<()> {
        self.told("pause", plain(""))
    }

    fn resume_writing(&self) -> Result<()> {
        self.told("resume", plain(""))
    }
}

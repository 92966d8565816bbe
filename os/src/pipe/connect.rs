//! Pipes as tasks and protocols have them.

use std::os::fd::OwnedFd;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::{EventLoop, Promise, Result, try_running_loop};
use kolo_net::transports::{StreamProtocol, connected};
use kolo_net::{Protocol, StreamReader, StreamWriter, Transport};

use crate::pipe::reading::ReadPipe;
use crate::pipe::writing::WritePipe;

/// What a task reads from a pipe, a socket, or a character device such as a terminal. Mirrors `loop.connect_read_pipe` with a
/// `StreamReaderProtocol`.
///
/// It is read until its end has come or the loop is closed, whether or not the reader is kept; [`create_read_pipe`] gives the transport, to close
/// it before. The descriptor does not block meanwhile, which concerns all who share it; when it is closed it is again as it was.
///
/// ```
/// use std::io::Write;
///
/// use kolo::{connect_read_pipe, run};
///
/// run(async {
///     let (theirs, mut ours) = std::io::pipe()?;
///     let reader = connect_read_pipe(theirs).await?;
///     ours.write_all(b"hello\n")?;
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     drop(ours);
///     assert_eq!(reader.read_to_end().await?, b"");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Value, for a descriptor of another kind, such as a file on a disk; Io, when the system refuses; Cancelled; Runtime, without a running loop.
///
/// # Cancel safety
/// The descriptor is closed.
#[track_caller]
pub fn connect_read_pipe(pipe: impl Into<OwnedFd>) -> impl Future<Output = Result<StreamReader>> {
    let (pipe, site) = (pipe.into(), Location::caller());
    async move {
        let event_loop = try_running_loop().map_err(|error| error.at(site))?;
        let reader = StreamReader::new();
        let protocol = StreamProtocol::new(&event_loop, &reader);
        let start = |made| ReadPipe::start(&event_loop, pipe, protocol, made);
        let connected = connected(&event_loop, start, Transport::close);
        connected.await.map_err(|error| error.at(site))?;
        Ok(reader)
    }
}

/// What a task writes to a pipe, a socket, or a character device. Mirrors `loop.connect_write_pipe` with a `StreamReaderProtocol`.
///
/// [`write_eof`](StreamWriter::write_eof) closes it, as a pipe has one direction. The descriptor does not block meanwhile, as with
/// [`connect_read_pipe`].
///
/// ```
/// use std::io::Read;
///
/// use kolo::{connect_write_pipe, run};
///
/// run(async {
///     let (mut ours, theirs) = std::io::pipe()?;
///     let writer = connect_write_pipe(theirs).await?;
///     writer.write(b"hello")?;
///     writer.close();
///     writer.wait_closed().await?;
///     let mut text = String::new();
///     ours.read_to_string(&mut text)?;
///     assert_eq!(text, "hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As `connect_read_pipe`.
///
/// # Cancel safety
/// The descriptor is closed.
#[track_caller]
pub fn connect_write_pipe(pipe: impl Into<OwnedFd>) -> impl Future<Output = Result<StreamWriter>> {
    let (pipe, site) = (pipe.into(), Location::caller());
    async move {
        let event_loop = try_running_loop().map_err(|error| error.at(site))?;
        let protocol = StreamProtocol::of_writer(&event_loop);
        let told = protocol.clone();
        let start = |made| WritePipe::start(&event_loop, pipe, told, made);
        let connected = connected(&event_loop, start, Transport::close);
        let transport = connected.await.map_err(|error| error.at(site))?;
        Ok(StreamWriter::new(transport, protocol, StreamReader::new()))
    }
}

/// [`connect_read_pipe`] for a protocol, which `factory` makes. Mirrors `loop.connect_read_pipe`.
///
/// ```
/// use std::io::Write;
/// use std::rc::Rc;
///
/// use kolo::{Promise, Protocol, Result, create_read_pipe, run};
///
/// struct First(Promise<Vec<u8>>);
///
/// impl Protocol for First {
///     fn data_received(&self, data: &[u8]) -> Result<()> {
///         self.0.set_result(data.to_vec())
///     }
/// }
///
/// run(async {
///     let (reader, mut writer) = std::io::pipe()?;
///     let (transport, first) = create_read_pipe(|| Rc::new(First(Promise::new())), reader).await?;
///     writer.write_all(b"hello")?;
///     assert_eq!(first.0.clone().await?, b"hello");
///     transport.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As `connect_read_pipe`.
///
/// # Cancel safety
/// The descriptor is closed.
#[track_caller]
pub fn create_read_pipe<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P>,
    pipe: impl Into<OwnedFd>,
) -> impl Future<Output = Result<(Transport, Rc<P>)>> {
    create(factory, pipe.into(), ReadPipe::start, Location::caller())
}

/// [`connect_write_pipe`] for a protocol, which `factory` makes. Mirrors `loop.connect_write_pipe`.
///
/// ```
/// use std::io::Read;
/// use std::rc::Rc;
///
/// use kolo::{Protocol, create_write_pipe, run};
///
/// struct Deaf;
///
/// impl Protocol for Deaf {}
///
/// run(async {
///     let (mut reader, writer) = std::io::pipe()?;
///     let (transport, _) = create_write_pipe(|| Rc::new(Deaf), writer).await?;
///     transport.write("hello")?;
///     let mut bytes = [0; 5];
///     reader.read_exact(&mut bytes)?;
///     assert_eq!(&bytes, b"hello");
///     transport.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As `connect_read_pipe`.
///
/// # Cancel safety
/// The descriptor is closed.
#[track_caller]
pub fn create_write_pipe<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P>,
    pipe: impl Into<OwnedFd>,
) -> impl Future<Output = Result<(Transport, Rc<P>)>> {
    create(factory, pipe.into(), WritePipe::start, Location::caller())
}

/// How the transport of a pipe is begun.
type Start = fn(&EventLoop, OwnedFd, Rc<dyn Protocol>, Promise<()>) -> Result<Transport>;

async fn create<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P>,
    pipe: OwnedFd,
    start: Start,
    site: &'static Location<'static>,
) -> Result<(Transport, Rc<P>)> {
    let event_loop = try_running_loop().map_err(|error| error.at(site))?;
    let protocol = factory();
    let told = protocol.clone();
    let connected = connected(&event_loop, |made| start(&event_loop, pipe, told, made), Transport::close);
    let transport = connected.await.map_err(|error| error.at(site))?;
    Ok((transport, protocol))
}

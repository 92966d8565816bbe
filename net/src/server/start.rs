//! Starting servers, of streams and of protocols.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use kolo_executor::{Error, ExceptionContext, Result, create_task, gather, running_loop, try_running_loop};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::resolve::Lookup;
use crate::server::Server;
use crate::server::hosts::Hosts;
use crate::server::listener::Accept;
use crate::server::listening::{Bound, Options};
use crate::stream::protocol::{Connected, StreamProtocol};
use crate::stream::reader::{LIMIT, StreamReader};
use crate::stream::writer::StreamWriter;
use crate::system::stream_socket;
#[cfg(feature = "tls")]
use crate::tls::TlsServer;
use crate::transport::layer::Layer;

/// Listens for connections, and has `handler` called with the streams of each. Mirrors `asyncio.start_server`.
///
/// The handler is an async function or closure, of which each connection gets a task, or a plain one, which is called by the loop. An error of the task
/// is told to the loop's exception handler, and closes the connection; a task that ends in good order leaves it to whoever holds its writer.
/// [`Server`] has an example.
///
/// # Errors
/// Of the future that this gives: Io, when an address is in use or a name unknown; Value, for a limit of 0; Cancelled; Runtime, without a
/// running loop.
///
/// # Cancel safety
/// What was bound is closed; but a server that listens already goes on, as in asyncio, though nobody has it: from the first iteration in which it
/// could have accepted. Have it [started later](StartServer::start_serving) where it may be cancelled.
#[track_caller]
pub fn start_server<M>(handler: impl ClientConnected<M>, at: impl Into<Hosts>) -> StartServer {
    StartServer::of_streams(handler, Place::Hosts(at.into()), Location::caller())
}

/// [`start_server`] at the path of a Unix socket. Mirrors `asyncio.start_unix_server`.
///
/// A socket file that is there is removed, as asyncio does; closing the server removes its own.
///
/// ```
/// use kolo::{StreamReader, StreamWriter, open_unix_connection, run, start_unix_server};
///
/// run(async {
///     let path = std::env::temp_dir().join(format!("server-{}", std::process::id()));
///     let greet = |_: StreamReader, writer: StreamWriter| writer.write("hello\n").expect("not at its end");
///     let server = start_unix_server(greet, &path).await?;
///     let (reader, _writer) = open_unix_connection(&path).await?;
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     server.close();
///     assert!(!path.exists());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn start_unix_server<M>(handler: impl ClientConnected<M>, path: impl AsRef<Path>) -> StartServer {
    StartServer::of_streams(handler, Place::Path(path.as_ref().to_owned()), Location::caller())
}

/// Listens for connections, and makes a protocol of each by `factory`. Mirrors `loop.create_server`. [`Protocol`] has an example.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{Protocol, Result, Transport, create_server, open_connection, run};
///
/// struct Greeting;
///
/// impl Protocol for Greeting {
///     fn connection_made(&self, transport: &Transport) -> Result<()> {
///         transport.write("hello")?;
///         transport.close();
///         Ok(())
///     }
/// }
///
/// run(async {
///     let server = create_server(|| Rc::new(Greeting), ("127.0.0.1", 0)).await?;
///     let (reader, _writer) = open_connection(server.addresses().remove(0)).await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn create_server<P: Protocol + 'static>(factory: impl Fn() -> Rc<P> + 'static, at: impl Into<Hosts>) -> StartServer {
    StartServer::of_protocols(factory, Place::Hosts(at.into()), Location::caller())
}

/// [`create_server`] at the path of a Unix socket. Mirrors `loop.create_unix_server`.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{Protocol, create_unix_server, run};
///
/// struct Silent;
///
/// impl Protocol for Silent {}
///
/// run(async {
///     let path = std::env::temp_dir().join(format!("silent-{}", std::process::id()));
///     let server = create_unix_server(|| Rc::new(Silent), &path).await?;
///     assert_eq!(server.addresses()[0].path(), Some(path.as_path()));
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn create_unix_server<P: Protocol + 'static>(factory: impl Fn() -> Rc<P> + 'static, path: impl AsRef<Path>) -> StartServer {
    StartServer::of_protocols(factory, Place::Path(path.as_ref().to_owned()), Location::caller())
}

/// What a server does with a connection: an async function of its [`StreamReader`] and [`StreamWriter`], or a plain one.
pub trait ClientConnected<Marker>: 'static {
    /// Does it, in the loop.
    #[doc(hidden)]
    fn connected(&self, reader: StreamReader, writer: StreamWriter);
}

#[doc(hidden)]
pub struct Coroutine;

#[doc(hidden)]
pub struct Plain;

impl<F, C, T> ClientConnected<(Coroutine, C, T)> for F
where
    F: Fn(StreamReader, StreamWriter) -> C + 'static,
    C: Future<Output = Result<T>> + 'static,
    T: 'static,
{
    fn connected(&self, reader: StreamReader, writer: StreamWriter) {
        let transport = writer.transport();
        let task = create_task(self(reader, writer));
        task.add_done_callback(move |task| {
            if task.cancelled() {
                transport.close();
            } else if let Ok(Some(error)) = task.error() {
                let context = ExceptionContext::new("Unhandled exception in client_connected_cb").with_error(error);
                running_loop().call_exception_handler(&context.with_detail("transport", &transport));
                transport.close();
            }
        });
    }
}

impl<F: Fn(StreamReader, StreamWriter) + 'static> ClientConnected<Plain> for F {
    fn connected(&self, reader: StreamReader, writer: StreamWriter) {
        self(reader, writer);
    }
}

/// The future of [`start_server`] and its like, and what can be asked of them before it is awaited.
///
/// ```
/// use kolo::{StreamReader, StreamWriter, run, start_server};
///
/// run(async {
///     let greet = |_: StreamReader, writer: StreamWriter| {
///         // Sent at once; when the writer is dropped the connection is closed.
///         writer.write("hello\n").expect("not at its end yet");
///     };
///     let server = start_server(greet, (["127.0.0.1", "127.0.0.2"], 0)).backlog(10).limit(1024).await?;
///     assert_eq!(server.addresses().len(), 2);
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct StartServer {
    /// `None` once it starts.
    start: Option<Box<Start>>,
    starting: Option<Pin<Box<dyn Future<Output = Result<Server>>>>>,
}

struct Start {
    place: Place,
    make: Make,
    limit: usize,
    backlog: u32,
    options: Options,
    start_serving: bool,
    layer: Option<Layer>,
    site: &'static Location<'static>,
}

enum Place {
    Hosts(Hosts),
    Path(PathBuf),
    Socket { socket: OwnedFd, is_unix: bool },
}

/// How the protocols of connections are made.
enum Make {
    Streams(Connected),
    Protocols(Rc<dyn Fn() -> Rc<dyn Protocol>>),
}

impl StartServer {
    fn of_streams<M>(handler: impl ClientConnected<M>, place: Place, site: &'static Location<'static>) -> StartServer {
        let connected = move |reader, writer| handler.connected(reader, writer);
        StartServer::new(place, Make::Streams(Rc::new(connected)), site)
    }

    fn of_protocols<P: Protocol + 'static>(
        factory: impl Fn() -> Rc<P> + 'static,
        place: Place,
        site: &'static Location<'static>,
    ) -> StartServer {
        StartServer::new(place, Make::Protocols(Rc::new(move || factory())), site)
    }

    fn new(place: Place, make: Make, site: &'static Location<'static>) -> StartServer {
        StartServer {
            start: Some(Box::new(Start {
                place,
                make,
                limit: LIMIT,
                backlog: 100,
                options: Options {
                    reuse_address: true,
                    reuse_port: false,
                    keep_alive: false,
                },
                start_serving: true,
                layer: None,
                site,
            })),
            starting: None,
        }
    }

    fn with(mut self, set: impl FnOnce(&mut Start)) -> StartServer {
        if let Some(start) = &mut self.start {
            set(start);
        }
        self
    }

    /// Listens at this socket, which is bound already, instead. Mirrors `sock=`.
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// use kolo::{StreamReader, StreamWriter, run, start_server};
    ///
    /// run(async {
    ///     let socket = TcpListener::bind("127.0.0.1:0")?; // with whatever options it needs, or from whoever started the program
    ///     let port = socket.local_addr()?.port();
    ///     let hang_up = |_: StreamReader, writer: StreamWriter| writer.close();
    ///     let server = start_server(hang_up, ("localhost", 0)).on(socket).await?;
    ///     assert_eq!(server.addresses()[0].port(), Some(port));
    ///     server.close();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn on(self, socket: impl Into<OwnedFd>) -> StartServer {
        let socket = socket.into();
        self.with(|start| {
            let is_unix = matches!(start.place, Place::Path(_) | Place::Socket { is_unix: true, .. });
            start.place = Place::Socket { socket, is_unix };
        })
    }

    /// How many connections may wait to be accepted, and are accepted in one iteration at the most; 100 unless told otherwise.
    pub fn backlog(self, backlog: u32) -> StartServer {
        self.with(|start| start.backlog = backlog)
    }

    /// The limit of the streams' readers, in bytes; 64 KiB unless told otherwise.
    pub fn limit(self, limit: usize) -> StartServer {
        self.with(|start| start.limit = limit)
    }

    /// Whether an address may be taken whose last connections are not quite gone; it may, unless told otherwise.
    pub fn reuse_address(self, on: bool) -> StartServer {
        self.with(|start| start.options.reuse_address = on)
    }

    /// Whether several sockets may listen at one address, all of which have this set, and share its connections: a loop on each core.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, run, start_server};
    ///
    /// run(async {
    ///     let hang_up = |_: StreamReader, writer: StreamWriter| writer.close();
    ///     let first = start_server(hang_up, ("127.0.0.1", 0)).reuse_port(true).keep_alive(true).await?;
    ///     let port = first.addresses()[0].port().expect("of TCP");
    ///     // Usually in another thread, with a loop of its own.
    ///     let second = start_server(hang_up, ("127.0.0.1", port)).reuse_port(true).reuse_address(true).await?;
    ///     first.close();
    ///     second.close();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn reuse_port(self, on: bool) -> StartServer {
        self.with(|start| start.options.reuse_port = on)
    }

    /// Whether the system asks now and then if the peer of a silent connection is still there.
    pub fn keep_alive(self, on: bool) -> StartServer {
        self.with(|start| start.options.keep_alive = on)
    }

    /// See [`TlsServer`](crate::TlsServer): has the connections under TLS. Mirrors `ssl=`.
    #[cfg(feature = "tls")]
    pub fn tls(self, tls: TlsServer) -> StartServer {
        self.with(|start| start.layer = Some(crate::tls::layer(tls, None)))
    }

    /// Whether connections are accepted at once, as they are unless told otherwise; else from [`Server::start_serving`] on.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, run, start_server};
    ///
    /// run(async {
    ///     let hang_up = |_: StreamReader, writer: StreamWriter| writer.close();
    ///     let server = start_server(hang_up, ("127.0.0.1", 0)).start_serving(false).await?;
    ///     // whatever has to be ready before anybody connects
    ///     server.start_serving().await?;
    ///     server.close();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn start_serving(self, on: bool) -> StartServer {
        self.with(|start| start.start_serving = on)
    }
}

impl Future for StartServer {
    type Output = Result<Server>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Server>> {
        if let Some(start) = self.start.take() {
            self.starting = Some(Box::pin(start.run()));
        }
        match &mut self.starting {
            Some(starting) => starting.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl Start {
    async fn run(self) -> Result<Server> {
        let (site, start_serving, backlog) = (self.site, self.start_serving, self.backlog);
        let event_loop = try_running_loop().map_err(|error| error.at(site))?;
        let accept = self.make.accept(self.limit, self.layer).map_err(|error| error.at(site))?;
        let bound = self.place.bind(self.options, site).await.map_err(|error| error.at(site))?;
        let server = Server::new(&event_loop, bound, backlog, &accept).map_err(|error| error.at(site))?;
        if start_serving {
            server.start_serving().await?;
        }
        Ok(server)
    }
}

impl Make {
    fn accept(self, limit: usize, layer: Option<Layer>) -> Result<Accept> {
        let connected = match self {
            Make::Protocols(accept) => return Ok((accept, layer)),
            Make::Streams(connected) => connected,
        };
        // What is wrong with the limit is told here, not at each connection.
        StreamReader::with_limit(limit)?;
        let accept = move || -> Rc<dyn Protocol> {
            let reader = StreamReader::of_limit(limit);
            StreamProtocol::of(&running_loop(), &reader, Some(connected.clone()))
        };
        Ok((Rc::new(accept), layer))
    }
}

impl Place {
    async fn bind(self, options: Options, site: &'static Location<'static>) -> Result<Vec<Bound>> {
        match self {
            Place::Path(path) => Ok(vec![Bound::to_path(&path)?]),
            Place::Socket { socket, is_unix } => bound_by_others(socket, is_unix).map(|bound| vec![bound]),
            Place::Hosts(Hosts { hosts, port }) => {
                let lookup = |host| Lookup::new(host, port).for_listening().resolve(site);
                let found = gather(hosts.into_iter().map(lookup)).await?;
                let mut addresses: Vec<SocketAddr> = Vec::new();
                for address in found.into_iter().flatten() {
                    if !addresses.contains(&address) {
                        addresses.push(address);
                    }
                }
                Bound::to(&addresses, options)
            }
        }
    }
}

/// A socket of somebody else's, of the kind that the server is.
fn bound_by_others(socket: OwnedFd, is_unix: bool) -> Result<Bound> {
    let bound = Bound::of(stream_socket(socket)?);
    match bound.address() {
        Some(Address::Inet(address)) if is_unix => Err(Error::value(format!(
            "A UNIX Domain Stream Socket was expected, got one at {}",
            Address::Inet(address)
        ))),
        _ => Ok(bound),
    }
}

//! Connections that this side begins, of streams and of protocols.

use std::os::fd::OwnedFd;
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use kolo_executor::{Error, EventLoop, Result, try_running_loop};

use crate::address::Address;
use crate::connect::{self, Options, connect_unix};
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;
use crate::resolve::Family;
use crate::stream::protocol::StreamProtocol;
use crate::stream::reader::{LIMIT, StreamReader};
use crate::stream::writer::StreamWriter;
use crate::system::stream_socket;
use crate::transport::Transport;
use crate::transport::connected::connected;
use crate::transport::layer::{self, Layer};
use crate::transport::socket::SocketTransport;

/// Connects to a host and a port, or an address, and gives the streams of the connection. Mirrors `asyncio.open_connection`.
///
/// ```no_run
/// use kolo::{open_connection, run};
///
/// run(async {
///     let (reader, writer) = open_connection(("example.com", 80)).await?;
///     writer.write("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n")?;
///     println!("{}", String::from_utf8_lossy(&reader.read_line().await?));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of the future that this gives: Io, when nobody can be reached there (of several addresses the name may have, each is tried), or the name is
/// unknown; Value, for a limit of 0; Cancelled; Runtime, without a running loop.
///
/// # Cancel safety
/// The socket is closed.
#[track_caller]
pub fn open_connection(to: impl Into<Endpoint>) -> OpenConnection {
    OpenConnection::new(Target::of(to.into()), Location::caller())
}

/// [`open_connection`] to the path of a Unix socket. Mirrors `asyncio.open_unix_connection`.
///
/// ```
/// use kolo::{StreamReader, StreamWriter, open_unix_connection, run, start_unix_server};
///
/// run(async {
///     let path = std::env::temp_dir().join(format!("greeting-{}", std::process::id()));
///     let greet = |_: StreamReader, writer: StreamWriter| writer.write("hello\n").expect("not at its end");
///     let server = start_unix_server(greet, &path).await?;
///     let (reader, _writer) = open_unix_connection(&path).limit(1024).await?;
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn open_unix_connection(path: impl AsRef<Path>) -> OpenConnection {
    let path = Endpoint::from(path.as_ref());
    OpenConnection::new(Target::of(path), Location::caller())
}

/// The streams of a socket that is connected already. Mirrors `asyncio.open_connection(sock=...)`. [`StreamWriter`] has an example.
///
/// ```
/// use std::os::unix::net::UnixStream;
///
/// use kolo::{open_connection_on, run};
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     let (reader, _writer) = open_connection_on(ours).await?;
///     drop(theirs);
///     assert_eq!(reader.read(100).await?, b""); // the end
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of the future that this gives: Value, for a socket that is none of streams, and for a limit of 0; Cancelled; Runtime, without a running
/// loop. The socket is closed.
#[track_caller]
pub fn open_connection_on(socket: impl Into<OwnedFd>) -> OpenConnection {
    OpenConnection::new(Target::Socket(socket.into()), Location::caller())
}

/// Connects to a host and a port, or an address, and gives the transport and the protocol of the connection, which `factory` makes once
/// there is a socket. Mirrors `loop.create_connection`. [`Protocol`] has an example.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{Protocol, create_connection, create_server, run};
///
/// struct Silent;
///
/// impl Protocol for Silent {}
///
/// run(async {
///     let server = create_server(|| Rc::new(Silent), ("127.0.0.1", 0)).await?;
///     let address = server.addresses().remove(0);
///     let (transport, _protocol) = create_connection(|| Rc::new(Silent), address).await?;
///     transport.close();
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn create_connection<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P> + 'static,
    to: impl Into<Endpoint>,
) -> CreateConnection<P> {
    CreateConnection::new(factory, Target::of(to.into()), Location::caller())
}

/// [`create_connection`] to the path of a Unix socket. Mirrors `loop.create_unix_connection`.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{Protocol, create_unix_connection, create_unix_server, run};
///
/// struct Silent;
///
/// impl Protocol for Silent {}
///
/// run(async {
///     let path = std::env::temp_dir().join(format!("silence-{}", std::process::id()));
///     let server = create_unix_server(|| Rc::new(Silent), &path).await?;
///     let (transport, _protocol) = create_unix_connection(|| Rc::new(Silent), &path).await?;
///     transport.close();
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn create_unix_connection<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P> + 'static,
    path: impl AsRef<Path>,
) -> CreateConnection<P> {
    let path = Endpoint::from(path.as_ref());
    CreateConnection::new(factory, Target::of(path), Location::caller())
}

/// [`create_connection`] with a socket that is connected already. Mirrors `loop.create_connection(sock=...)`.
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::rc::Rc;
///
/// use kolo::{Promise, Protocol, Result, create_connection_on, run};
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
///     let (ours, theirs) = UnixStream::pair()?;
///     let (transport, first) = create_connection_on(|| Rc::new(First(Promise::new())), ours).await?;
///     std::io::Write::write_all(&mut &theirs, b"hello")?;
///     assert_eq!(first.0.clone().await?, b"hello");
///     transport.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn create_connection_on<P: Protocol + 'static>(
    factory: impl FnOnce() -> Rc<P> + 'static,
    socket: impl Into<OwnedFd>,
) -> CreateConnection<P> {
    CreateConnection::new(factory, Target::Socket(socket.into()), Location::caller())
}

/// Where a connected socket comes from.
enum Target {
    Endpoint(Endpoint, Options),
    Socket(OwnedFd),
}

/// What is between the socket and the protocol, given the name of the host if there is one.
type MakeLayer = Box<dyn FnOnce(Option<String>) -> Layer>;

impl Target {
    fn of(to: Endpoint) -> Target {
        Target::Endpoint(to, Options::default())
    }

    /// The host's name, or its address.
    fn host(&self) -> Option<String> {
        match self {
            Target::Endpoint(Endpoint::Named(host, _), _) => Some(host.clone()),
            Target::Endpoint(Endpoint::At(address), _) => address.inet().map(|address| address.ip().to_string()),
            Target::Endpoint(Endpoint::Here(_), _) | Target::Socket(_) => None,
        }
    }

    async fn connect(self, make_layer: Option<MakeLayer>, site: &'static Location<'static>) -> Result<(OwnedFd, Option<Layer>)> {
        let layer = make_layer.map(|make| make(self.host()));
        Ok((self.connect_socket(site).await?, layer))
    }

    async fn connect_socket(self, site: &'static Location<'static>) -> Result<OwnedFd> {
        let (to, options) = match self {
            Target::Socket(socket) => return stream_socket(socket).map_err(|error| error.at(site)),
            Target::Endpoint(to, options) => (to, options),
        };
        let (host, port) = match to {
            Endpoint::Named(host, port) => (Some(host), port),
            Endpoint::Here(port) => (None, port),
            Endpoint::At(Address::Inet(address)) => (Some(address.ip().to_string()), address.port()),
            Endpoint::At(Address::Unix(path)) => return connect_unix(&path, site).await,
            Endpoint::At(Address::Unnamed) => {
                return Err(Error::value("a socket without a path cannot be connected to").at(site));
            }
        };
        let port = Some(port);
        connect::connect(Options { host, port, ..options }, site).await
    }
}

/// A transport for a socket, once its protocol knows that the connection is made.
async fn transport_of(
    event_loop: &EventLoop,
    (socket, layer): (OwnedFd, Option<Layer>),
    protocol: Rc<dyn Protocol>,
) -> Result<Transport> {
    let start = |made| {
        let begin = |protocol, made| SocketTransport::connected(event_loop, socket, protocol, made);
        layer::start(protocol, made, layer.as_ref(), begin)
    };
    connected(event_loop, start, Transport::close).await
}

/// What both kinds of futures can be asked before they are awaited.
macro_rules! options {
    () => {
        /// The socket is bound to this host and port first. Mirrors `local_addr=`.
        #[doc(alias = "local_addr")]
        pub fn local_address(self, host: &str, port: u16) -> Self {
            self.with(|options| options.local_addr = Some((host.to_owned(), port)))
        }

        /// Addresses of this family alone. Mirrors `family=`.
        pub fn family(self, family: Family) -> Self {
            self.with(|options| options.family = Some(family))
        }

        /// Tries the next address when the one before has not answered after so many seconds, and takes the first that does. Mirrors
        /// `happy_eyeballs_delay=`.
        pub fn happy_eyeballs_delay(self, delay: f64) -> Self {
            self.with(|options| options.happy_eyeballs_delay = Some(delay))
        }

        /// How many addresses of the first family are tried before the families alternate; 0 leaves the resolver's order. Mirrors `interleave=`.
        pub fn interleave(self, first: usize) -> Self {
            self.with(|options| options.interleave = Some(first))
        }

        /// Whether an error tells of all addresses that were tried, as a group. Mirrors `all_errors=`.
        pub fn all_errors(self, on: bool) -> Self {
            self.with(|options| options.all_errors = on)
        }

        /// See [`TlsClient`](crate::TlsClient): puts the connection under TLS; the peer's certificate has to be for the host that is connected to. Mirrors `ssl=`.
        #[cfg(feature = "tls")]
        pub fn tls(mut self, tls: crate::tls::TlsClient) -> Self {
            self.make_layer = Some(Box::new(|host| crate::tls::layer(tls, host)));
            self
        }

        fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
            if let Some(Target::Endpoint(_, options)) = &mut self.target {
                set(options);
            }
            self
        }
    };
}

/// The future of [`open_connection`] and its like, and what can be asked of them before it is awaited.
///
/// ```
/// use kolo::{Family, open_connection, run};
///
/// # fn main() {
/// run(async {
///     let connection = open_connection(("example.com", 80))
///         .local_address("0.0.0.0", 0)
///         .family(Family::V4)
///         .happy_eyeballs_delay(0.25)
///         .interleave(1)
///         .all_errors(true)
///         .limit(1024 * 1024);
///     # if true {
///     #     return Ok(()); // nobody is asked for in a test
///     # }
///     let (reader, writer) = connection.await?;
///     writer.write("GET / HTTP/1.0\r\n\r\n")?;
///     println!("{}", String::from_utf8_lossy(&reader.read_to_end().await?));
///     Ok(())
/// })
/// .unwrap();
/// # }
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct OpenConnection {
    /// `None` once it is under way.
    target: Option<Target>,
    make_layer: Option<MakeLayer>,
    limit: usize,
    site: &'static Location<'static>,
    opening: Option<Opening<(StreamReader, StreamWriter)>>,
}

type Opening<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

impl OpenConnection {
    fn new(target: Target, site: &'static Location<'static>) -> OpenConnection {
        OpenConnection {
            target: Some(target),
            make_layer: None,
            limit: LIMIT,
            site,
            opening: None,
        }
    }

    /// The reader's limit, in bytes; 64 KiB unless told otherwise. Mirrors `limit=`.
    pub fn limit(mut self, limit: usize) -> OpenConnection {
        self.limit = limit;
        self
    }

    options!();
}

async fn open(
    (target, make_layer): (Target, Option<MakeLayer>),
    limit: usize,
    site: &'static Location<'static>,
) -> Result<(StreamReader, StreamWriter)> {
    let event_loop = try_running_loop().map_err(|error| error.at(site))?;
    let reader = StreamReader::with_limit(limit).map_err(|error| error.at(site))?;
    let protocol = StreamProtocol::new(&event_loop, &reader);
    let socket = target.connect(make_layer, site).await?;
    let transport = transport_of(&event_loop, socket, protocol.clone()).await?;
    let writer = StreamWriter::new(transport, protocol, reader.clone());
    Ok((reader, writer))
}

impl Future for OpenConnection {
    type Output = Result<(StreamReader, StreamWriter)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(target) = self.target.take() {
            self.opening = Some(Box::pin(open((target, self.make_layer.take()), self.limit, self.site)));
        }
        match &mut self.opening {
            Some(opening) => opening.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// The future of [`create_connection`] and its like, and what can be asked of them before it is awaited.
#[must_use = "futures do nothing unless awaited"]
pub struct CreateConnection<P> {
    /// `None` once it is under way.
    target: Option<Target>,
    make_layer: Option<MakeLayer>,
    factory: Option<Box<dyn FnOnce() -> Rc<P>>>,
    site: &'static Location<'static>,
    opening: Option<Opening<(Transport, Rc<P>)>>,
}

impl<P: Protocol + 'static> CreateConnection<P> {
    fn new(factory: impl FnOnce() -> Rc<P> + 'static, target: Target, site: &'static Location<'static>) -> Self {
        CreateConnection {
            target: Some(target),
            make_layer: None,
            factory: Some(Box::new(factory)),
            site,
            opening: None,
        }
    }

    options!();
}

async fn create<P: Protocol + 'static>(
    (target, make_layer): (Target, Option<MakeLayer>),
    factory: Box<dyn FnOnce() -> Rc<P>>,
    site: &'static Location<'static>,
) -> Result<(Transport, Rc<P>)> {
    let event_loop = try_running_loop().map_err(|error| error.at(site))?;
    let socket = target.connect(make_layer, site).await?;
    let protocol = factory();
    let transport = transport_of(&event_loop, socket, protocol.clone()).await?;
    Ok((transport, protocol))
}

impl<P: Protocol + 'static> Future for CreateConnection<P> {
    type Output = Result<(Transport, Rc<P>)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let (Some(target), Some(factory)) = (self.target.take(), self.factory.take()) {
            self.opening = Some(Box::pin(create((target, self.make_layer.take()), factory, self.site)));
        }
        match &mut self.opening {
            Some(opening) => opening.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

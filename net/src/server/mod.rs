//! `Server`: what accepts connections.

pub(crate) mod clients;
pub(crate) mod hosts;
mod listener;
mod listening;
mod start;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::{Error, EventLoop, Promise, Result, sleep};

use crate::address::Address;
use crate::server::clients::Clients;
use crate::server::listener::{Accept, Listener};
use crate::transport::Transport;

pub use crate::server::hosts::Hosts;
pub use crate::server::start::{
    ClientConnected, StartServer, create_server, create_unix_server, start_server, start_unix_server,
};

/// A server: its listening sockets, and the connections that it has accepted. Mirrors `asyncio.Server`.
///
/// A handle: clones are the same server. It goes on when the last is dropped, as in asyncio; only [`close`](Server::close) ends it, and the loop's end.
///
/// ```
/// use kolo::{StreamReader, StreamWriter, open_connection, run, start_server};
///
/// run(async {
///     let echo = async |reader: StreamReader, writer: StreamWriter| {
///         while let line = reader.read_line().await?
///             && !line.is_empty()
///         {
///             writer.write(line)?;
///             writer.drain().await?;
///         }
///         Ok(())
///     };
///     let server = start_server(echo, ("127.0.0.1", 0)).await?;
///     let port = server.addresses()[0].port().expect("of TCP");
///
///     let (reader, writer) = open_connection(("127.0.0.1", port)).await?;
///     writer.write(b"hello\n")?;
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     drop(writer);
///
///     server.close();
///     server.wait_closed().await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct Server(Rc<State>);

struct State {
    event_loop: EventLoop,
    /// None of them once it is closed.
    listeners: RefCell<Vec<Rc<Listener>>>,
    clients: Rc<Clients>,
    is_serving: Cell<bool>,
    /// Somebody waits in `serve_forever`.
    forever: RefCell<Option<Promise<()>>>,
}

impl Server {
    fn new(event_loop: &EventLoop, listeners: Vec<listening::Bound>, backlog: u32, accept: &Accept) -> Result<Server> {
        let clients = Rc::new(Clients::default());
        let listener = |bound| Listener::new(event_loop, bound, backlog, accept.clone(), clients.clone());
        let listeners = listeners.into_iter().map(listener).collect::<Result<Vec<_>>>()?;
        Ok(Server(Rc::new(State {
            event_loop: event_loop.clone(),
            listeners: RefCell::new(listeners),
            clients,
            is_serving: Cell::new(false),
            forever: RefCell::default(),
        })))
    }

    /// Where it listens; nowhere, once it is closed. Mirrors `server.sockets`.
    #[doc(alias = "sockets")]
    pub fn addresses(&self) -> Vec<Address> {
        let listeners = self.0.listeners.borrow();
        listeners.iter().filter_map(|listener| listener.address()).collect()
    }

    /// Whether it accepts connections. Mirrors `server.is_serving`.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, run, start_server};
    ///
    /// run(async {
    ///     let hang_up = |_: StreamReader, writer: StreamWriter| writer.close();
    ///     let server = start_server(hang_up, ("127.0.0.1", 0)).start_serving(false).await?;
    ///     assert!(!server.is_serving());
    ///     server.start_serving().await?;
    ///     assert!(server.is_serving());
    ///     server.close();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn is_serving(&self) -> bool {
        self.0.is_serving.get()
    }

    /// Begins to accept connections, if it does not yet. Mirrors `server.start_serving`.
    ///
    /// # Errors
    /// Io, when the system refuses to listen; Cancelled.
    ///
    /// # Cancel safety
    /// It accepts from the first poll on, whether or not the task goes on.
    #[track_caller]
    pub fn start_serving(&self) -> impl Future<Output = Result<()>> + use<> {
        let (server, site) = (self.clone(), Location::caller());
        async move {
            server.listen().map_err(|error| error.at(site))?;
            // As asyncio does, so that whoever goes on is in the iteration in which the sockets are watched.
            sleep(0).await
        }
    }

    fn listen(&self) -> Result<()> {
        if self.0.is_serving.replace(true) {
            return Ok(());
        }
        self.0.listeners.borrow().iter().try_for_each(|listener| listener.listen())
    }

    /// Accepts connections until it is closed or the task is cancelled. Mirrors `server.serve_forever`.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, create_task, run, sleep, start_server};
    ///
    /// run(async {
    ///     let hang_up = |_: StreamReader, writer: StreamWriter| writer.close();
    ///     let server = start_server(hang_up, ("127.0.0.1", 0)).await?;
    ///     let serving = create_task(server.serve_forever());
    ///     sleep(0.01).await?;
    ///     serving.cancel(); // as Ctrl-C does, where it is the main task that serves
    ///     assert!(serving.await.unwrap_err().is_cancelled());
    ///     assert!(!server.is_serving());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Cancelled, always in the end: when the task is cancelled, and when somebody [closes](Server::close) the server; in both cases only
    /// once it is closed and its last connection is lost. Runtime, when it is closed already, or another task waits here.
    ///
    /// # Cancel safety
    /// The server is closed. A future that is dropped leaves it as it is.
    #[track_caller]
    pub fn serve_forever(&self) -> impl Future<Output = Result<()>> + use<> {
        let (server, site) = (self.clone(), Location::caller());
        async move {
            if server.0.forever.borrow().is_some() {
                let error = format!("server {server:?} is already being awaited on serve_forever()");
                return Err(Error::runtime(error).at(site));
            }
            if server.0.clients.is_closed() {
                return Err(Error::runtime(format!("server {server:?} is closed")).at(site));
            }
            server.listen().map_err(|error| error.at(site))?;
            let forever = server.0.event_loop.create_promise::<()>();
            server.0.forever.replace(Some(forever.clone()));
            let _left = Left(&server);
            let outcome = forever.await;
            if outcome.as_ref().is_err_and(Error::is_cancelled) {
                server.close();
                // Another cancellation cuts this short; the error is the first one's in any case.
                let _ = server.wait_closed().await;
            }
            outcome
        }
    }

    /// Accepts no more: the listening sockets are closed at once. Connections go on, see [`close_clients`](Server::close_clients). Mirrors
    /// `server.close`.
    pub fn close(&self) {
        let State {
            listeners,
            clients,
            is_serving,
            forever,
            ..
        } = &*self.0;
        if clients.is_closed() {
            return;
        }
        listeners.take().iter().for_each(|listener| listener.close());
        is_serving.set(false);
        let forever = forever.take();
        clients.close(|| {
            if let Some(forever) = forever {
                forever.cancel();
            }
        });
    }

    /// Closes every connection, once what is buffered for it is sent. Mirrors `server.close_clients`.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, open_connection, run, sleep, start_server};
    ///
    /// run(async {
    ///     let wait = async |reader: StreamReader, _writer: StreamWriter| reader.read(1).await;
    ///     let server = start_server(wait, ("127.0.0.1", 0)).await?;
    ///     let (reader, _writer) = open_connection(server.addresses().remove(0)).await?;
    ///     sleep(0.01).await?;
    ///     server.close(); // no new ones
    ///     server.close_clients(); // and an end to those that are there; or `abort_clients`, if they are not to be waited for
    ///     server.wait_closed().await?;
    ///     assert_eq!(reader.read(1).await?, b"");
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn close_clients(&self) {
        self.0.clients.all().iter().for_each(Transport::close);
    }

    /// Closes every connection at once. Mirrors `server.abort_clients`.
    ///
    /// ```
    /// use kolo::{StreamReader, StreamWriter, run, start_server};
    ///
    /// run(async {
    ///     let wait = async |reader: StreamReader, _writer: StreamWriter| reader.read(1).await;
    ///     let server = start_server(wait, ("127.0.0.1", 0)).await?;
    ///     server.close();
    ///     server.abort_clients();
    ///     server.wait_closed().await
    /// })
    /// .unwrap();
    /// ```
    pub fn abort_clients(&self) {
        self.0.clients.all().iter().for_each(Transport::abort);
    }

    /// Suspends the task until the server is closed and its last connection is lost. Mirrors `server.wait_closed`.
    ///
    /// # Errors
    /// Cancelled.
    ///
    /// # Cancel safety
    /// Nothing changes for those who wait too.
    #[track_caller]
    pub fn wait_closed(&self) -> impl Future<Output = Result<()>> + use<> {
        let server = self.clone();
        async move {
            match server.0.clients.wait(|| server.0.event_loop.create_promise()) {
                Some(over) => over.await,
                None => Ok(()),
            }
        }
    }
}

/// Nobody waits in `serve_forever` any more.
struct Left<'a>(&'a Server);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        drop(self.0.0.forever.take());
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Server sockets=(")?;
        for (i, address) in self.addresses().iter().enumerate() {
            write!(f, "{}{address}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str(")>")
    }
}

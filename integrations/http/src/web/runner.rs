//! `AppRunner` and `Site`: an application that runs, and where.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::Path;
use std::rc::Rc;

use kolo_executor::{Error, Result, create_task};
use kolo_net::{Address, Hosts, Server, StartServer, StreamReader, StreamWriter, start_server, start_unix_server};

use crate::web::application::Application;
use crate::web::connections::Connections;
use crate::web::limits::Limits;
use crate::web::serve::serve;

/// Runs an application inside a program that does other things too, or a test. Mirrors `aiohttp.web.AppRunner`.
///
/// A handle: clones are the same runner.
///
/// ```
/// use kolo::http::web::{AppRunner, Application, Site};
/// use kolo::run;
///
/// run(async {
///     let app = Application::new();
///     app.get("/", async |_| Ok("hello"))?;
///     let runner = AppRunner::new(&app);
///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
///     println!("at {address}");
///     // ... and in the end: no new connections, and those under way finish.
///     runner.cleanup().await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct AppRunner(Rc<State>);

struct State {
    app: Application,
    limits: Cell<Limits>,
    connections: Rc<Connections>,
    servers: RefCell<Vec<Server>>,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    SetUp,
    CleanedUp,
}

impl AppRunner {
    /// One for this application.
    pub fn new(app: &Application) -> AppRunner {
        AppRunner(Rc::new(State {
            app: app.clone(),
            limits: Cell::default(),
            connections: Rc::default(),
            servers: RefCell::default(),
            stage: Cell::new(Stage::New),
        }))
    }

    /// With other limits than [`Limits::default`], for the connections from now on.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> AppRunner {
        self.0.limits.set(limits);
        self
    }

    /// Calls the application's [`on_startup`](Application::on_startup), once. The first [`Site`] does it if nobody has. Mirrors `runner.setup()`.
    ///
    /// ```
    /// use kolo::http::web::{AppRunner, Application, Limits, Site};
    /// use kolo::run;
    ///
    /// run(async {
    ///     let app = Application::new();
    ///     let runner = AppRunner::new(&app).with_limits(Limits { shutdown: 5.0, ..Limits::default() });
    ///     runner.setup().await?; // or the first site does it
    ///     Site::tcp(&runner, ("127.0.0.1", 0)).with(|server| server.backlog(10)).start().await?;
    ///     let path = std::env::temp_dir().join(format!("kolo-http-{}", std::process::id()));
    ///     Site::unix(&runner, &path).start().await?;
    ///     assert_eq!(runner.addresses().len(), 2);
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// That of the application; Runtime, after [`cleanup`](AppRunner::cleanup).
    ///
    /// # Cancel safety
    /// It counts as done.
    #[track_caller]
    pub fn setup(&self) -> impl Future<Output = Result<()>> + use<> {
        let runner = self.clone();
        let over = Error::runtime("this runner has been cleaned up: make a new one");
        async move {
            match runner.0.stage.replace(Stage::SetUp) {
                Stage::New => runner.0.app.start().await,
                Stage::SetUp => Ok(()),
                Stage::CleanedUp => {
                    runner.0.stage.set(Stage::CleanedUp);
                    Err(over)
                }
            }
        }
    }

    /// Where it listens. Mirrors `runner.addresses`.
    pub fn addresses(&self) -> Vec<Address> {
        self.0.servers.borrow().iter().flat_map(Server::addresses).collect()
    }

    /// Ends it: no new connections; [`on_shutdown`](Application::on_shutdown); the requests that are under way go on for as long as
    /// [`Limits::shutdown`] says, and are cancelled then; [`on_cleanup`](Application::on_cleanup). Mirrors `runner.cleanup()`.
    ///
    /// # Errors
    /// The first one of the application's; Cancelled.
    ///
    /// # Cancel safety
    /// No new connections are taken; the others are left as they are.
    #[track_caller]
    pub fn cleanup(&self) -> impl Future<Output = Result<()>> + use<> {
        let State {
            app,
            limits,
            connections,
            servers,
            stage,
        } = &*self.0;
        let (app, connections, limit) = (app.clone(), connections.clone(), limits.get().shutdown);
        let before = stage.replace(Stage::CleanedUp);
        let servers = servers.take();
        servers.iter().for_each(Server::close);
        async move {
            if before != Stage::SetUp {
                return Ok(());
            }
            let told = app.shut_down().await;
            connections.end(limit).await?;
            servers.iter().for_each(Server::abort_clients);
            for server in servers {
                server.wait_closed().await?;
            }
            told.and(app.clean_up().await)
        }
    }

    /// What is done with a new connection.
    fn connected(&self, reader: StreamReader, writer: StreamWriter) {
        let State {
            app,
            limits,
            connections,
            ..
        } = &*self.0;
        let place = Rc::new(connections.enter());
        let serving = serve(
            app.clone(),
            limits.get(),
            connections.clone(),
            place.clone(),
            (reader, writer),
        );
        let task = create_task(serving);
        place.runs_in(task);
    }
}

impl fmt::Debug for AppRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.addresses()).finish()
    }
}

/// Where an application is served. Mirrors `aiohttp.web.TCPSite` and `UnixSite`; [`AppRunner`] has an example.
#[doc(alias("TCPSite", "UnixSite"))]
#[must_use = "a site begins to serve by `start`"]
pub struct Site {
    runner: AppRunner,
    server: StartServer,
}

impl Site {
    /// At these hosts, and this port; the port 0 is one that is free.
    #[track_caller]
    pub fn tcp(runner: &AppRunner, at: impl Into<Hosts>) -> Site {
        let connected = runner.clone();
        Site {
            runner: runner.clone(),
            server: start_server(move |reader, writer| connected.connected(reader, writer), at),
        }
    }

    /// At the path of a Unix socket.
    #[track_caller]
    pub fn unix(runner: &AppRunner, path: impl AsRef<Path>) -> Site {
        let connected = runner.clone();
        Site {
            runner: runner.clone(),
            server: start_unix_server(move |reader, writer| connected.connected(reader, writer), path),
        }
    }

    /// Under TLS. Mirrors `ssl_context=`.
    ///
    /// ```
    /// use kolo::http::web::{AppRunner, Site};
    /// use kolo::{Address, Result, TlsServer};
    ///
    /// async fn serve(runner: &AppRunner) -> Result<Address> {
    ///     let tls = TlsServer::from_pem("chain.pem", "key.pem")?;
    ///     Site::tcp(runner, ("0.0.0.0", 443)).tls(tls).start().await
    /// }
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(self, tls: kolo_net::TlsServer) -> Site {
        self.with(|server| server.tls(tls))
    }

    /// Changes how it listens: the backlog, the sharing of ports, see [`StartServer`].
    pub fn with(self, change: impl FnOnce(StartServer) -> StartServer) -> Site {
        Site {
            server: change(self.server),
            runner: self.runner,
        }
    }

    /// Begins to serve there, and says where that is: the first of several. Mirrors `site.start()`.
    ///
    /// # Errors
    /// Io, when the system refuses; those of [`AppRunner::setup`].
    ///
    /// # Cancel safety
    /// It does not serve.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = Result<Address>> {
        let setup = self.runner.setup();
        async move {
            setup.await?;
            let server = self.server.await?;
            let address = server.addresses().into_iter().next();
            self.runner.0.servers.borrow_mut().push(server);
            address.ok_or_else(|| Error::runtime("it listens nowhere: it has been closed"))
        }
    }
}

//! TLS, by rustls: who we are, and whom we trust.

mod session;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use kolo_executor::{Error, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use crate::tls::session::TlsTransport;
use crate::transport::layer::{Layer, Layered};

/// One end of TLS, for [`StreamWriter::start_tls`](crate::StreamWriter::start_tls).
pub trait TlsEnd {
    /// The session of this end; `host` is the peer's name, if it is known.
    #[doc(hidden)]
    fn session(&self, host: Option<&str>) -> Result<rustls::Connection>;
}

/// The end that connects: whom it trusts, and whom it expects. Mirrors `ssl.create_default_context()`.
///
/// ```no_run
/// use kolo::{TlsClient, open_connection, run};
///
/// run(async {
///     let (reader, writer) = open_connection(("example.com", 443)).tls(TlsClient::new()?).await?;
///     writer.write("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n")?;
///     println!("{}", String::from_utf8_lossy(&reader.read_line().await?));
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias = "create_default_context")]
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
}

impl TlsClient {
    /// One that trusts whom the system trusts.
    ///
    /// # Errors
    /// Other, when the system's roots cannot be read, or there are none.
    #[track_caller]
    pub fn new() -> Result<TlsClient> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        match (added, found.errors.into_iter().next()) {
            (0, Some(error)) => Err(Error::other(format!("the system's certificates cannot be read: {error}"))),
            (0, None) => Err(Error::other(
                "the system has no certificates of authorities that could be trusted",
            )),
            _ => Ok(TlsClient::with_roots(roots)),
        }
    }

    /// One that trusts the certificates in this PEM file, and nobody else. Mirrors `create_default_context(cafile=...)`.
    ///
    /// ```
    /// use kolo::{TlsClient, TlsServer, open_connection, run, start_server};
    /// use kolo::{StreamReader, StreamWriter};
    ///
    /// # fn main() {
    /// # let (chain, key) = ("/no/such/chain.pem", "/no/such/key.pem");
    /// # let outcome =
    /// run(async move {
    ///     let greet = |_: StreamReader, writer: StreamWriter| writer.write("hello\n").expect("not at its end");
    ///     let server = start_server(greet, ("127.0.0.1", 0)).tls(TlsServer::from_pem(chain, key)?).await?;
    ///     let port = server.addresses()[0].port().expect("of TCP");
    ///
    ///     let tls = TlsClient::trusting(chain)?.server_name("localhost");
    ///     let (reader, _writer) = open_connection(("127.0.0.1", port)).tls(tls).await?;
    ///     assert_eq!(reader.read_line().await?, b"hello\n");
    ///     server.close();
    ///     Ok(())
    /// })
    /// # ;
    /// # assert_eq!(outcome.unwrap_err().kind(), kolo::Kind::Io);
    /// # }
    /// ```
    ///
    /// # Errors
    /// Io, when the file cannot be read; Value, when there is no certificate in it.
    #[track_caller]
    pub fn trusting(file: impl AsRef<Path>) -> Result<TlsClient> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file.as_ref())? {
            if let Err(error) = roots.add(certificate) {
                return Err(Error::value(format!("{}: {error}", file.as_ref().display())));
            }
        }
        Ok(TlsClient::with_roots(roots))
    }

    fn with_roots(roots: RootCertStore) -> TlsClient {
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        TlsClient::with_config(Arc::new(config))
    }

    /// One with rustls's own configuration: protocols, certificates of the client, and whatever else.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use kolo::TlsClient;
    /// use rustls::{ClientConfig, RootCertStore};
    ///
    /// let mut config = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    /// config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    /// let _tls = TlsClient::with_config(Arc::new(config));
    /// ```
    pub fn with_config(config: Arc<ClientConfig>) -> TlsClient {
        TlsClient {
            config,
            server_name: None,
        }
    }

    /// The name that the peer's certificate has to be for; that of the host which is connected to, unless told otherwise. Mirrors
    /// `server_hostname=`.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> TlsClient {
        self.server_name = Some(name.into());
        self
    }
}

impl TlsEnd for TlsClient {
    fn session(&self, host: Option<&str>) -> Result<rustls::Connection> {
        let Some(name) = self.server_name.as_deref().or(host) else {
            let error = "You must set server_hostname when using ssl without a host";
            return Err(Error::value(error).without_place());
        };
        let name = match name.parse::<IpAddr>() {
            Ok(address) => ServerName::from(address),
            Err(_) => ServerName::try_from(name.to_owned()).map_err(refused)?,
        };
        let session = ClientConnection::new(self.config.clone(), name).map_err(refused)?;
        Ok(session.into())
    }
}

/// The end that is connected to: its certificate and key. Mirrors `ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)`.
///
/// ```no_run
/// use kolo::{StreamReader, StreamWriter, TlsServer, run, start_server};
///
/// run(async {
///     let greet = async |_: StreamReader, writer: StreamWriter| writer.write("hello\n");
///     let tls = TlsServer::from_pem("chain.pem", "key.pem")?;
///     let server = start_server(greet, ("127.0.0.1", 8443)).tls(tls).await?;
///     server.serve_forever().await
/// })
/// .unwrap();
/// ```
#[doc(alias = "SSLContext")]
#[derive(Clone)]
pub struct TlsServer {
    config: Arc<ServerConfig>,
}

impl TlsServer {
    /// One with the certificate, and those between it and its authority, in one PEM file, and the key in another, or the same. Mirrors
    /// `context.load_cert_chain`.
    ///
    /// # Errors
    /// Io, when a file cannot be read; Value, when there is no certificate or key in it, or they do not belong together.
    #[track_caller]
    pub fn from_pem(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<TlsServer> {
        let certificates = certificates(chain.as_ref())?;
        let key = match PrivateKeyDer::from_pem_file(key.as_ref()) {
            Ok(key) => key,
            Err(error) => return Err(unreadable(key.as_ref(), error)),
        };
        match ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
        {
            Ok(config) => Ok(TlsServer::with_config(Arc::new(config))),
            Err(error) => Err(Error::value(format!("{}: {error}", chain.as_ref().display()))),
        }
    }

    /// One with rustls's own configuration.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use kolo::{Result, TlsServer};
    /// use rustls::ServerConfig;
    /// use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    ///
    /// fn server(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<TlsServer> {
    ///     let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    ///     Ok(TlsServer::with_config(Arc::new(config.map_err(std::io::Error::other)?)))
    /// }
    /// ```
    pub fn with_config(config: Arc<ServerConfig>) -> TlsServer {
        TlsServer { config }
    }
}

impl TlsEnd for TlsServer {
    fn session(&self, _: Option<&str>) -> Result<rustls::Connection> {
        let session = ServerConnection::new(self.config.clone()).map_err(refused)?;
        Ok(session.into())
    }
}

/// The layer of a session with this host.
pub(crate) fn layer(end: impl TlsEnd + 'static, host: Option<String>) -> Layer {
    Rc::new(move |protocol, made| {
        let session = end.session(host.as_deref())?;
        let tls = TlsTransport::new(session, protocol, made, true);
        let transport = tls.handle();
        Ok(Layered { below: tls, transport })
    })
}

/// A layer for a protocol that has its connection already.
pub(crate) fn upgrade(end: &impl TlsEnd, protocol: Rc<dyn crate::Protocol>, made: kolo_executor::Promise<()>) -> Result<Layered> {
    let tls = TlsTransport::new(end.session(None)?, protocol, made, false);
    let transport = tls.handle();
    Ok(Layered { below: tls, transport })
}

#[track_caller]
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    match found {
        Ok(certificates) if certificates.is_empty() => {
            Err(Error::value(format!("{}: there is no certificate in it", file.display())))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unreadable(file, error)),
    }
}

#[track_caller]
fn unreadable(file: &Path, error: rustls::pki_types::pem::Error) -> Error {
    match error {
        rustls::pki_types::pem::Error::Io(error) => {
            Error::from(io::Error::new(error.kind(), format!("{}: {error}", file.display())))
        }
        error => Error::value(format!("{}: {error:?}", file.display())),
    }
}

/// What TLS says: no line of anybody's program.
fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::from_boxed(Arc::new(error) as Arc<dyn std::error::Error + Send + Sync>).without_place()
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<TlsClient")?;
        if let Some(name) = &self.server_name {
            write!(f, " server_name='{name}'")?;
        }
        f.write_str(">")
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<TlsServer>")
    }
}

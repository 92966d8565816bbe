//! Names of hosts, and the addresses behind them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::panic::Location;

use kolo_executor::Result;
use kolo_threads::executors::offload;

use crate::system::refused_as;

/// The addresses of a host, in the order in which they are to be tried, each with the port. Mirrors `loop.getaddrinfo`.
///
/// The system's resolver is asked, on one of the loop's own threads, as by [`to_thread`](kolo_threads::to_thread); without a host, for this
/// computer itself. The end of a run waits for an answer that is under way, as it does for all calls on these threads.
///
/// ```
/// use std::net::SocketAddr;
///
/// use kolo::{getaddrinfo, run};
///
/// run(async {
///     let addresses = getaddrinfo("127.0.0.1", 80).await?;
///     assert_eq!(addresses, [SocketAddr::from(([127, 0, 0, 1], 80))]);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Io, when there is no such name (`Name or service not known`), or it cannot be known now; Runtime, without a running loop, and after
/// [`shutdown_default_executor`](kolo_threads::shutdown_default_executor).
///
/// # Cancel safety
/// Nothing is lost. A thread that is asking already goes on doing so, and its answer is dropped.
#[track_caller]
pub fn getaddrinfo<'a>(host: impl Into<Option<&'a str>>, port: u16) -> impl Future<Output = Result<Vec<SocketAddr>>> {
    let site = Location::caller();
    let host = host.into().map(str::to_owned);
    Lookup::new(host, port).ask(site)
}

/// A kind of addresses, for [`OpenConnection::family`](crate::OpenConnection::family).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// `127.0.0.1`. Mirrors `socket.AF_INET`.
    V4,
    /// `::1`. Mirrors `socket.AF_INET6`.
    V6,
}

impl Family {
    /// That of an address.
    pub(crate) fn of(address: &SocketAddr) -> Family {
        match address {
            SocketAddr::V4(_) => Family::V4,
            SocketAddr::V6(_) => Family::V6,
        }
    }

    /// As Python writes it in messages.
    pub(crate) fn python_text(self) -> &'static str {
        match self {
            Family::V4 => "<AddressFamily.AF_INET: 2>",
            Family::V6 => "<AddressFamily.AF_INET6: 10>",
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    host: Option<String>,
    port: u16,
    family: Option<Family>,
    is_for_listening: bool,
}

impl Lookup {
    pub(crate) fn new(host: Option<String>, port: u16) -> Lookup {
        Lookup {
            host,
            port,
            family: None,
            is_for_listening: false,
        }
    }

    /// Addresses of this family alone.
    pub(crate) fn family(mut self, family: Option<Family>) -> Lookup {
        self.family = family;
        self
    }

    /// Addresses to listen at: without a host all of this computer. Mirrors `AI_PASSIVE`.
    pub(crate) fn for_listening(mut self) -> Lookup {
        self.is_for_listening = true;
        self
    }

    /// The addresses: at once when the host is one, else from the resolver. Mirrors `loop._ensure_resolved`.
    pub(crate) async fn resolve(self, site: &'static Location<'static>) -> Result<Vec<SocketAddr>> {
        match self.literal().filter(|address| self.fits(address)) {
            Some(address) => Ok(vec![address]),
            None => self.ask(site).await,
        }
    }

    /// The addresses from the resolver, on a thread.
    async fn ask(self, site: &'static Location<'static>) -> Result<Vec<SocketAddr>> {
        let outcome = offload(site, move || self.look_up()).await;
        outcome.map_err(|error| error.at(site))
    }

    /// The address that is written in the host's place.
    fn literal(&self) -> Option<SocketAddr> {
        let host: IpAddr = self.host.as_deref()?.parse().ok()?;
        Some(SocketAddr::new(host, self.port))
    }

    fn fits(&self, address: &SocketAddr) -> bool {
        self.family.is_none_or(|family| family == Family::of(address))
    }

    /// What the system's resolver says. It blocks.
    fn look_up(&self) -> Result<Vec<SocketAddr>> {
        if self.literal().is_some_and(|address| !self.fits(&address)) {
            return Err(refused_as(-9, "Address family for hostname not supported".to_owned()));
        }
        let found: Vec<SocketAddr> = match &self.host {
            Some(host) => (&**host, self.port).to_socket_addrs().map_err(resolver_error)?.collect(),
            None => self.own().map(|host| SocketAddr::new(host, self.port)).into(),
        };
        let fitting: Vec<SocketAddr> = found.into_iter().filter(|address| self.fits(address)).collect();
        match fitting.is_empty() {
            true => Err(refused_as(-5, "No address associated with hostname".to_owned())),
            false => Ok(fitting),
        }
    }

    /// Those of this computer, in the resolver's order.
    fn own(&self) -> [IpAddr; 2] {
        match self.is_for_listening {
            true => [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
            false => [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
        }
    }
}

/// The resolver's errors, with their numbers, of which std tells the words alone.
const ERRORS: [(i32, &str); 8] = [
    (-2, "Name or service not known"),
    (-3, "Temporary failure in name resolution"),
    (-4, "Non-recoverable failure in name resolution"),
    (-5, "No address associated with hostname"),
    (-6, "ai_family not supported"),
    (-8, "Servname not supported for ai_socktype"),
    (-9, "Address family for hostname not supported"),
    (-10, "Memory allocation failure"),
];

/// As Python's `gaierror`.
fn resolver_error(error: io::Error) -> kolo_executor::Error {
    if error.raw_os_error().is_some() {
        return kolo_executor::Error::from(error).without_place();
    }
    let text = error.to_string();
    let known = ERRORS.iter().find(|(_, words)| text.ends_with(words));
    // A name that cannot be one, because of a zero byte in it, is not known either.
    let (number, words) = known.unwrap_or(&ERRORS[0]);
    refused_as(*number, (*words).to_owned())
}

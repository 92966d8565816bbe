//! A connected socket: the half of `loop.create_connection` that comes before the transport.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::path::Path;
use std::rc::Rc;

use kolo_executor::{Error, Kind, Result};
use rustix::net::{AddressFamily, SocketType};

use crate::address::Address;
use crate::resolve::{Family, Lookup};
use crate::sock::connect::connect_at;
use crate::staggered::staggered_race;
use crate::system::{new_socket, os_error, python_text, refused, refused_as, text_of};

/// Where to connect, and how. Mirrors the arguments of `loop.create_connection`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    /// Addresses of this family alone.
    pub(crate) family: Option<Family>,
    /// What the socket is bound to first: a host and a port.
    pub(crate) local_addr: Option<(String, u16)>,
    /// After how many seconds the next address is tried, while the one before is still being tried.
    pub(crate) happy_eyeballs_delay: Option<f64>,
    /// How many addresses of the first family come first, before the families alternate; 0 leaves the order as it is. With a
    /// `happy_eyeballs_delay` it is 1 if nothing is said.
    pub(crate) interleave: Option<usize>,
    /// Whether all that went wrong is told, as a group.
    pub(crate) all_errors: bool,
}

/// Connects to the first address that can be reached. The socket does not block, and other programs do not inherit it.
///
/// # Errors
/// Cancelled; Io, when no address can be reached; Group, the same with `all_errors`; Value, when there is neither a host nor a port.
///
/// # Cancel safety
/// The socket is closed.
pub(crate) async fn connect(options: Options, site: &'static Location<'static>) -> Result<OwnedFd> {
    if options.host.is_none() && options.port.is_none() {
        return Err(Error::value("host and port was not specified and no sock specified").at(site));
    }
    let lookup = |host, port| Lookup::new(host, port).family(options.family);
    let mut addresses = lookup(options.host, options.port.unwrap_or(0)).resolve(site).await?;
    let local = match options.local_addr {
        Some((host, port)) => Some(lookup(Some(host), port).resolve(site).await?),
        None => None,
    };
    let default = options.happy_eyeballs_delay.map_or(0, |_| 1);
    match options.interleave.unwrap_or(default) {
        0 => {}
        first => addresses = interleaved(addresses, first),
    }
    let attempts = Attempts {
        local,
        site,
        errors: RefCell::default(),
    };
    let (socket, errors) = match options.happy_eyeballs_delay {
        None => (attempts.one_by_one(&addresses).await?, attempts.errors.take()),
        Some(delay) => {
            let attempts = Rc::new(attempts);
            (attempts.clone().staggered(addresses, delay).await?, attempts.errors.take())
        }
    };
    socket.ok_or_else(|| failure(errors.into_iter().flatten().collect(), options.all_errors).at(site))
}

/// Connects to a Unix socket's path. That never takes long: it does not suspend.
///
/// # Errors
/// Io, from the system, and when the path is too long.
pub(crate) async fn connect_unix(path: &Path, site: &'static Location<'static>) -> Result<OwnedFd> {
    let socket = new_socket(AddressFamily::UNIX, SocketType::STREAM);
    let socket = Rc::new(socket.map_err(|errno| refused(errno).at(site))?);
    connect_at(socket.clone(), Address::Unix(path.to_owned()), site).await?;
    Ok(sole(socket))
}

/// Attempts at several addresses.
struct Attempts {
    /// What each socket is bound to: the first of its family.
    local: Option<Vec<SocketAddr>>,
    site: &'static Location<'static>,
    /// What went wrong, of each attempt.
    errors: RefCell<Vec<Vec<Error>>>,
}

impl Attempts {
    async fn one_by_one(&self, addresses: &[SocketAddr]) -> Result<Option<OwnedFd>> {
        for (number, address) in addresses.iter().enumerate() {
            match self.attempt(number, *address).await {
                Ok(socket) => return Ok(Some(socket)),
                Err(error) if error.kind() == Kind::Io => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Happy eyeballs, RFC 8305.
    async fn staggered(self: Rc<Self>, addresses: Vec<SocketAddr>, delay: f64) -> Result<Option<OwnedFd>> {
        let count = addresses.len();
        let attempt = move |number: usize| {
            let (attempts, address) = (self.clone(), addresses[number]);
            async move { attempts.attempt(number, address).await }
        };
        staggered_race(count, attempt, delay).await
    }

    /// Connects to one address, and notes what went wrong. Mirrors `loop._connect_sock`.
    async fn attempt(&self, number: usize, address: SocketAddr) -> Result<OwnedFd> {
        self.errors.borrow_mut().push(Vec::new());
        let outcome = self.connect(number, address).await;
        match &outcome {
            Err(error) if error.kind() == Kind::Io => self.note(number, error.clone()),
            _ => {}
        }
        outcome
    }

    async fn connect(&self, number: usize, address: SocketAddr) -> Result<OwnedFd> {
        let family = match Family::of(&address) {
            Family::V4 => AddressFamily::INET,
            Family::V6 => AddressFamily::INET6,
        };
        let socket = new_socket(family, SocketType::STREAM).map_err(|errno| refused(errno).at(self.site))?;
        self.bind(number, &socket, Family::of(&address))?;
        let socket = Rc::new(socket);
        connect_at(socket.clone(), address.into(), self.site).await?;
        Ok(sole(socket))
    }

    /// Binds the socket to the first local address that can be had.
    fn bind(&self, number: usize, socket: &OwnedFd, family: Family) -> Result<()> {
        let Some(local) = &self.local else {
            return Ok(());
        };
        for address in local.iter().filter(|address| Family::of(address) == family) {
            match rustix::net::bind(socket, address) {
                Ok(()) => return Ok(()),
                Err(errno) => self.note(number, bind_error(errno.raw_os_error(), &Address::from(*address))),
            }
        }
        let last = self.errors.borrow_mut()[number].pop();
        Err(last.unwrap_or_else(|| {
            os_error(format!(
                "no matching local address with family={} found",
                family.python_text()
            ))
        }))
    }

    fn note(&self, number: usize, error: Error) {
        self.errors.borrow_mut()[number].push(error);
    }
}

/// A local address that cannot be had, in asyncio's words.
pub(crate) fn bind_error(errno: i32, address: &Address) -> Error {
    let text = format!("[errno {errno}] {}", text_of(errno).to_lowercase());
    refused_as(errno, format!("error while attempting to bind on address {address}: {text}"))
}

/// What is told when no address could be reached.
fn failure(errors: Vec<Error>, all_errors: bool) -> Error {
    if all_errors {
        return Error::group("create_connection failed", errors);
    }
    let texts: Vec<String> = errors.iter().map(python_text).collect();
    match errors.into_iter().next() {
        Some(first) if texts.iter().all(|text| *text == texts[0]) => first,
        _ => os_error(format!("Multiple exceptions: {}", texts.join(", "))),
    }
}

/// So many addresses of the first address's family, then one of each in turn. Mirrors `_interleave_addrinfos`.
fn interleaved(addresses: Vec<SocketAddr>, first: usize) -> Vec<SocketAddr> {
    let leading = addresses.first().map(Family::of);
    let (same, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| Some(Family::of(address)) == leading);
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let mut order: Vec<SocketAddr> = same.by_ref().take(first.saturating_sub(1)).collect();
    loop {
        let round = [same.next(), other.next()];
        if round == [None, None] {
            return order;
        }
        order.extend(round.into_iter().flatten());
    }
}

/// The socket, of which the loop has let go.
fn sole(socket: Rc<OwnedFd>) -> OwnedFd {
    Rc::into_inner(socket).unwrap_or_else(|| unreachable!("nobody waits for it any more"))
}

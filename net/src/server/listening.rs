//! Listening sockets: bound to their addresses, and given up again.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use kolo_executor::Result;
use kolo_executor::primitive::say;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::address::Address;
use crate::system::{new_socket, os_error, python_text, refused, refused_as, to_system};

/// A socket that is bound, and listens soon.
pub(crate) struct Bound {
    pub(crate) socket: OwnedFd,
    /// The file that goes with it, and its number, by which it is told whether it is still that file.
    file: Option<(PathBuf, u64)>,
}

#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) reuse_address: bool,
    pub(crate) reuse_port: bool,
    pub(crate) keep_alive: bool,
}

impl Bound {
    /// One that somebody else has bound.
    pub(crate) fn of(socket: OwnedFd) -> Bound {
        let mut bound = Bound { socket, file: None };
        bound.file = bound.address().and_then(|address| file_at(address.path()?));
        bound
    }

    /// One at each of the addresses at which that is possible.
    ///
    /// # Errors
    /// Io, when one is in use or not allowed, or none was possible.
    pub(crate) fn to(addresses: &[SocketAddr], options: Options) -> Result<Vec<Bound>> {
        let mut bound = Vec::new();
        for address in addresses {
            bound.extend(to_address(address, options)?.map(|socket| Bound { socket, file: None }));
        }
        if bound.is_empty() {
            let all: Vec<String> = addresses.iter().map(|address| Address::from(*address).to_string()).collect();
            return Err(os_error(format!("could not bind on any address out of [{}]", all.join(", "))));
        }
        Ok(bound)
    }

    /// One at a path. The socket file of a server before is removed, also of one that is open still.
    ///
    /// # Errors
    /// Io, when the path is in use by something else, too long, or not allowed.
    pub(crate) fn to_path(path: &Path) -> Result<Bound> {
        match fs::metadata(path).map(|file| file.file_type().is_socket()) {
            Ok(true) => remove(path, "Unable to check or remove stale UNIX socket"),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tell("Unable to check or remove stale UNIX socket", path, &error),
        }
        let address = to_system(&Address::Unix(path.to_owned()))?;
        let socket = new_socket(AddressFamily::UNIX, SocketType::STREAM).map_err(refused)?;
        match rustix::net::bind(&socket, &address) {
            Ok(()) => Ok(Bound::of(socket)),
            Err(Errno::ADDRINUSE) => {
                let text = format!("Address '{}' is already in use", path.display());
                Err(refused_as(Errno::ADDRINUSE.raw_os_error(), text))
            }
            Err(error) => Err(refused(error)),
        }
    }

    pub(crate) fn address(&self) -> Option<Address> {
        rustix::net::getsockname(&self.socket).ok().and_then(Address::of)
    }
}

/// The file of a server goes with it, unless another server's has taken its place.
impl Drop for Bound {
    fn drop(&mut self) {
        if let Some((path, number)) = self.file.take()
            && file_at(&path).is_some_and(|(_, now)| now == number)
        {
            remove(&path, "Unable to clean up listening UNIX socket");
        }
    }
}

/// A socket at this address; `None` when the system has no such addresses.
fn to_address(address: &SocketAddr, options: Options) -> Result<Option<OwnedFd>> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let Ok(socket) = new_socket(family, SocketType::STREAM) else {
        return Ok(None);
    };
    if options.reuse_address {
        sockopt::set_socket_reuseaddr(&socket, true).map_err(refused)?;
    }
    if options.reuse_port {
        sockopt::set_socket_reuseport(&socket, true).map_err(refused)?;
    }
    if options.keep_alive {
        sockopt::set_socket_keepalive(&socket, true).map_err(refused)?;
    }
    if family == AddressFamily::INET6 {
        // There is a socket of its own for the other kind of addresses.
        sockopt::set_ipv6_v6only(&socket, true).map_err(refused)?;
    }
    match rustix::net::bind(&socket, address) {
        Ok(()) => Ok(Some(socket)),
        Err(Errno::ADDRNOTAVAIL) => Ok(None),
        Err(error) => {
            let shown = Address::from(*address);
            let why = python_text(&refused(error)).to_lowercase();
            let text = format!("error while attempting to bind on address {shown}: {why}");
            Err(refused_as(error.raw_os_error(), text))
        }
    }
}

fn file_at(path: &Path) -> Option<(PathBuf, u64)> {
    let file = fs::metadata(path).ok()?;
    Some((path.to_owned(), file.ino()))
}

fn remove(path: &Path, failure: &str) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => tell(failure, path, &error),
        _ => {}
    }
}

fn tell(failure: &str, path: &Path, error: &io::Error) {
    say(format_args!("{failure} '{}': {error}", path.display()));
}

//! The sockets of datagrams that are made for endpoints.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::panic::Location;
use std::path::Path;
use std::rc::Rc;

use kolo_executor::primitive::say;
use kolo_executor::{Error, Kind, Result};
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::resolve::{Family, Lookup};
use crate::sock::connect::connect_at;
use crate::system::{new_socket, python_text, refused, to_system};

/// What an endpoint is told.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) local: Option<Endpoint>,
    pub(crate) remote: Option<Endpoint>,
    pub(crate) family: Option<AddressFamily>,
    pub(crate) reuse_port: bool,
    pub(crate) allow_broadcast: bool,
}

/// A socket, and the address to which alone it is to send.
pub(crate) type Opened = (OwnedFd, Option<Address>);

/// One way to make the socket.
struct Choice {
    family: AddressFamily,
    local: Option<Address>,
    remote: Option<Address>,
}

impl Options {
    /// Makes the socket, in the first way that is possible.
    ///
    /// # Errors
    /// As [`create_datagram_endpoint`](crate::create_datagram_endpoint).
    pub(crate) async fn open(self, site: &'static Location<'static>) -> Result<Opened> {
        let mut first_error = None;
        for choice in self.choices(site).await? {
            match self.make(choice, site).await {
                Err(error) if error.kind() == Kind::Io => drop(first_error.get_or_insert(error)),
                outcome => return outcome,
            }
        }
        Err(first_error.unwrap_or_else(|| Error::value("can not get address information")))
    }

    async fn choices(&self, site: &'static Location<'static>) -> Result<Vec<Choice>> {
        let Options {
            local, remote, family, ..
        } = self;
        if local.is_none() && remote.is_none() {
            let family = family.ok_or_else(|| Error::value("unexpected address family"))?;
            return Ok(vec![Choice {
                family,
                local: None,
                remote: None,
            }]);
        }
        if *family == Some(AddressFamily::UNIX) || [local, remote].into_iter().flatten().any(is_path) {
            let (local, remote) = (path_of(local)?, path_of(remote)?);
            if let Some(Address::Unix(path)) = &local {
                remove_stale(path);
            }
            return Ok(vec![Choice {
                family: AddressFamily::UNIX,
                local,
                remote,
            }]);
        }
        let local = self.resolve(local, site).await?;
        let remote = self.resolve(remote, site).await?;
        Ok(joined(local.as_deref(), remote.as_deref()))
    }

    async fn resolve(&self, endpoint: &Option<Endpoint>, site: &'static Location<'static>) -> Result<Option<Vec<SocketAddr>>> {
        let (host, port) = match endpoint {
            None => return Ok(None),
            Some(Endpoint::Named(host, port)) => (Some(host.clone()), *port),
            Some(Endpoint::Here(port)) => (None, *port),
            // As it is, if that is possible: with the scope of an address of IPv6.
            Some(Endpoint::At(Address::Inet(address))) if self.fits(address) => return Ok(Some(vec![*address])),
            Some(Endpoint::At(Address::Inet(address))) => (Some(address.ip().to_string()), address.port()),
            Some(Endpoint::At(_)) => return Err(Error::value("an address of UDP is expected")),
        };
        let family = match self.family {
            Some(AddressFamily::INET6) => Some(Family::V6),
            Some(_) => Some(Family::V4),
            None => None,
        };
        let found = Lookup::new(host, port).family(family).resolve(site).await?;
        Ok(Some(found))
    }

    fn fits(&self, address: &SocketAddr) -> bool {
        self.family.is_none_or(|family| family == family_of(address))
    }

    async fn make(&self, choice: Choice, site: &'static Location<'static>) -> Result<Opened> {
        let socket = new_socket(choice.family, SocketType::DGRAM).map_err(refused)?;
        if self.reuse_port && sockopt::set_socket_reuseport(&socket, true).is_err() {
            let text = "reuse_port not supported by socket module, SO_REUSEPORT defined but not implemented.";
            return Err(Error::value(text));
        }
        if self.allow_broadcast {
            sockopt::set_socket_broadcast(&socket, true).map_err(refused)?;
        }
        if let Some(local) = &choice.local {
            rustix::net::bind(&socket, &to_system(local)?).map_err(refused)?;
        }
        let Some(remote) = choice.remote.clone().filter(|_| !self.allow_broadcast) else {
            return Ok((socket, choice.remote));
        };
        let socket = Rc::new(socket);
        connect_at(socket.clone(), remote, site).await?;
        let socket = Rc::into_inner(socket).unwrap_or_else(|| unreachable!("nobody waits for it any more"));
        Ok((socket, choice.remote))
    }

    /// What is told although there is a socket, as asyncio writes it.
    pub(crate) fn told(&self) -> Vec<String> {
        let address = |name: &str, endpoint: &Option<Endpoint>| {
            endpoint.as_ref().map(|endpoint| match endpoint {
                Endpoint::At(address) => format!("{name}={address}"),
                Endpoint::Named(host, port) => format!("{name}=('{host}', {port})"),
                Endpoint::Here(port) => format!("{name}=(None, {port})"),
            })
        };
        let is_on = |name: &str, on: bool| on.then(|| format!("{name}=True"));
        let told = [
            address("local_addr", &self.local),
            address("remote_addr", &self.remote),
            self.family.map(|family| format!("family={}", family.as_raw())),
            is_on("reuse_port", self.reuse_port),
            is_on("allow_broadcast", self.allow_broadcast),
        ];
        told.into_iter().flatten().collect()
    }
}

pub(crate) fn family_of(address: &SocketAddr) -> AddressFamily {
    match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    }
}

fn is_path(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::At(Address::Unix(_)))
}

fn path_of(endpoint: &Option<Endpoint>) -> Result<Option<Address>> {
    match endpoint {
        None => Ok(None),
        Some(Endpoint::At(path @ Address::Unix(_))) => Ok(Some(path.clone())),
        Some(_) => Err(Error::value("the path of a Unix socket is expected")),
    }
}

/// Removes the file of a socket, of which nobody can know whether anybody uses it.
fn remove_stale(path: &Path) {
    let removed = match std::fs::metadata(path) {
        Ok(file) if file.file_type().is_socket() => std::fs::remove_file(path),
        other => other.map(drop),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let (path, text) = (path.display(), python_text(&Error::from(error)));
            say(format_args!("Unable to check or remove stale UNIX socket '{path}': {text}"));
        }
        _ => {}
    }
}

/// The addresses of each family, the last of several, in the order in which the families were found; only of families in which there is all that is
/// wanted.
fn joined(local: Option<&[SocketAddr]>, remote: Option<&[SocketAddr]>) -> Vec<Choice> {
    let all = [local, remote].into_iter().flatten().flatten();
    let mut families: Vec<AddressFamily> = Vec::new();
    for family in all.map(family_of) {
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let last = |addresses: Option<&[SocketAddr]>, family| {
        let of_family = |address: &&SocketAddr| family_of(address) == family;
        let found = addresses?.iter().rev().find(of_family);
        found.map(|address| Address::from(*address))
    };
    let choice = |family| Choice {
        family,
        local: last(local, family),
        remote: last(remote, family),
    };
    let is_whole = |choice: &Choice| choice.local.is_some() == local.is_some() && choice.remote.is_some() == remote.is_some();
    families.into_iter().map(choice).filter(is_whole).collect()
}

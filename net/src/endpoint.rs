//! `Endpoint`: where to, by address or by name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Path, PathBuf};

use crate::address::Address;

/// Where to connect, or to bind: an address, or a host by its name and a port. Made of what either is written as:
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr};
/// use std::path::Path;
///
/// use kolo::Endpoint;
///
/// Endpoint::from(("localhost", 8000));
/// Endpoint::from((Ipv4Addr::LOCALHOST, 8000));
/// Endpoint::from(SocketAddr::from(([127, 0, 0, 1], 8000)));
/// Endpoint::from(Path::new("/run/server"));
/// Endpoint::from(8000); // of this computer, by IPv6 or IPv4
/// // A host that is an address already is not looked up.
/// assert_eq!(Endpoint::from(("127.0.0.1", 80)), Endpoint::from((Ipv4Addr::LOCALHOST, 80)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// It is known where.
    At(Address),
    /// It has to be looked up: a host and a port.
    Named(String, u16),
    /// This computer itself, by its port. Mirrors a host of `None`.
    Here(u16),
}

impl From<Address> for Endpoint {
    fn from(address: Address) -> Endpoint {
        Endpoint::At(address)
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Endpoint {
        Endpoint::At(address.into())
    }
}

impl From<SocketAddrV4> for Endpoint {
    fn from(address: SocketAddrV4) -> Endpoint {
        SocketAddr::from(address).into()
    }
}

impl From<SocketAddrV6> for Endpoint {
    fn from(address: SocketAddrV6) -> Endpoint {
        SocketAddr::from(address).into()
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from(address: (IpAddr, u16)) -> Endpoint {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv4Addr, u16)> for Endpoint {
    fn from(address: (Ipv4Addr, u16)) -> Endpoint {
        SocketAddr::from(address).into()
    }
}

impl From<(Ipv6Addr, u16)> for Endpoint {
    fn from(address: (Ipv6Addr, u16)) -> Endpoint {
        SocketAddr::from(address).into()
    }
}

impl From<(&str, u16)> for Endpoint {
    fn from((host, port): (&str, u16)) -> Endpoint {
        match host.parse::<IpAddr>() {
            Ok(host) => (host, port).into(),
            Err(_) => Endpoint::Named(host.to_owned(), port),
        }
    }
}

impl From<(String, u16)> for Endpoint {
    fn from((host, port): (String, u16)) -> Endpoint {
        (&*host, port).into()
    }
}

impl From<u16> for Endpoint {
    fn from(port: u16) -> Endpoint {
        Endpoint::Here(port)
    }
}

impl From<&Path> for Endpoint {
    fn from(path: &Path) -> Endpoint {
        path.to_owned().into()
    }
}

impl From<PathBuf> for Endpoint {
    fn from(path: PathBuf) -> Endpoint {
        Endpoint::At(Address::Unix(path))
    }
}

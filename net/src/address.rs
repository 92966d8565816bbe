//! `Address`: where a socket is.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::net::SocketAddrAny;

/// The address of a socket, its own or its peer's.
///
/// Shown as Python shows it: `('127.0.0.1', 8000)`, `('::1', 8000, 0, 0)`, `'/run/server'`.
///
/// ```
/// use std::net::SocketAddr;
///
/// use kolo::Address;
///
/// let address = Address::from(SocketAddr::from(([127, 0, 0, 1], 8000)));
/// assert_eq!(address.to_string(), "('127.0.0.1', 8000)");
/// assert_eq!(address.port(), Some(8000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// Of TCP or UDP.
    Inet(SocketAddr),
    /// A path, of a Unix socket that has one.
    Unix(PathBuf),
    /// Of a Unix socket without a path: that of a client, or one of a pair.
    Unnamed,
}

impl Address {
    /// The address and port, of TCP or UDP.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use kolo::Address;
    ///
    /// let address = Address::from("127.0.0.1:80".parse::<SocketAddr>().unwrap());
    /// assert_eq!(address.inet().unwrap().port(), 80);
    /// assert_eq!(address.port(), Some(80));
    /// assert!(address.path().is_none()); // which only a Unix socket has
    /// ```
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Address::Inet(address) => Some(*address),
            _ => None,
        }
    }

    /// The port, of TCP or UDP.
    pub fn port(&self) -> Option<u16> {
        self.inet().map(|address| address.port())
    }

    /// The path, of a Unix socket that has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Address::Unix(path) => Some(path),
            _ => None,
        }
    }

    /// What the system says, if it is anything known here.
    pub(crate) fn of(address: SocketAddrAny) -> Option<Address> {
        if let Ok(inet) = SocketAddr::try_from(address.clone()) {
            return Some(Address::Inet(inet));
        }
        let unix = rustix::net::SocketAddrUnix::try_from(address).ok()?;
        Some(match unix.path_bytes() {
            Some(path) if !path.is_empty() => Address::Unix(PathBuf::from(OsStr::from_bytes(path))),
            _ => Address::Unnamed,
        })
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address::Inet(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(SocketAddr::V4(address)) => write!(f, "('{}', {})", address.ip(), address.port()),
            Address::Inet(SocketAddr::V6(address)) => write!(
                f,
                "('{}', {}, {}, {})",
                address.ip(),
                address.port(),
                address.flowinfo(),
                address.scope_id()
            ),
            Address::Unix(path) => write!(f, "'{}'", path.display()),
            Address::Unnamed => f.write_str("''"),
        }
    }
}

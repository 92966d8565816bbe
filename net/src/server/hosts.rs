//! `Hosts`: where a server listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The hosts at which a server listens, and the port: made of what they are written as.
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr};
///
/// use kolo::Hosts;
///
/// Hosts::from(("localhost", 8000));
/// Hosts::from((["127.0.0.1", "::1"], 8000)); // several
/// Hosts::from(("", 8000)); // all of this computer
/// Hosts::from((Ipv4Addr::LOCALHOST, 0)); // a port that is free
/// Hosts::from(SocketAddr::from(([127, 0, 0, 1], 8000)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// `None`: all of this computer.
    pub(crate) hosts: Vec<Option<String>>,
    pub(crate) port: u16,
}

impl From<(&str, u16)> for Hosts {
    fn from((host, port): (&str, u16)) -> Hosts {
        ([host], port).into()
    }
}

impl From<(String, u16)> for Hosts {
    fn from((host, port): (String, u16)) -> Hosts {
        ([&*host], port).into()
    }
}

impl<const N: usize> From<([&str; N], u16)> for Hosts {
    fn from((hosts, port): ([&str; N], u16)) -> Hosts {
        hosts_of(&hosts, port)
    }
}

impl From<(Vec<String>, u16)> for Hosts {
    fn from((hosts, port): (Vec<String>, u16)) -> Hosts {
        hosts_of(&hosts, port)
    }
}

impl From<(IpAddr, u16)> for Hosts {
    fn from((host, port): (IpAddr, u16)) -> Hosts {
        (host.to_string(), port).into()
    }
}

impl From<(Ipv4Addr, u16)> for Hosts {
    fn from((host, port): (Ipv4Addr, u16)) -> Hosts {
        (host.to_string(), port).into()
    }
}

impl From<(Ipv6Addr, u16)> for Hosts {
    fn from((host, port): (Ipv6Addr, u16)) -> Hosts {
        (host.to_string(), port).into()
    }
}

impl From<SocketAddr> for Hosts {
    fn from(address: SocketAddr) -> Hosts {
        (address.ip(), address.port()).into()
    }
}

fn hosts_of<S: AsRef<str>>(hosts: &[S], port: u16) -> Hosts {
    let host = |host: &S| Some(host.as_ref().to_owned()).filter(|host| !host.is_empty());
    Hosts {
        hosts: hosts.iter().map(host).collect(),
        port,
    }
}

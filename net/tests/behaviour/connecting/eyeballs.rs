//! Races between addresses: happy eyeballs.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use kolo_executor::{Kind, running_loop};
use rustix::net::{AddressFamily, SocketType};

use super::here;
use crate::support::outcome::error_of;
use crate::support::runs::in_loop;

/// A listener by IPv6 that answers nobody, as it has no room for more, and one at the same port by IPv4 that answers.
fn one_that_is_silent() -> (Vec<OwnedFd>, SocketAddr) {
    let socket = |family| rustix::net::socket(family, SocketType::STREAM, None).expect("a socket");
    let address = |socket: &OwnedFd| {
        let address = rustix::net::getsockname(socket).expect("a bound socket");
        SocketAddr::try_from(address).expect("an address of TCP")
    };
    loop {
        let (silent, answering) = (socket(AddressFamily::INET6), socket(AddressFamily::INET));
        rustix::net::sockopt::set_ipv6_v6only(&silent, true).expect("an option");
        rustix::net::bind(&silent, &"[::1]:0".parse::<SocketAddr>().expect("an address")).expect("a free port");
        let at = address(&silent);
        // Somebody may have the same port there.
        if rustix::net::bind(&answering, &SocketAddr::from(([127, 0, 0, 1], at.port()))).is_err() {
            continue;
        }
        rustix::net::listen(&silent, 0).expect("a bound socket");
        rustix::net::listen(&answering, 100).expect("a bound socket");
        let mut kept = vec![silent, answering];
        // Two fill its backlog of none.
        for _ in 0..2 {
            let client = socket(AddressFamily::INET6);
            rustix::io::ioctl_fionbio(&client, true).expect("an open socket");
            let _ = rustix::net::connect(&client, &at);
            kept.push(client);
        }
        let answering = address(&kept[1]);
        return (kept, answering);
    }
}

#[test]
fn the_next_address_is_tried_after_the_delay() {
    in_loop(async {
        let (_kept, answering) = one_that_is_silent();
        let before = running_loop().time();
        let (transport, _) = here(answering.port()).happy_eyeballs_delay(0.25).await?;
        let took = running_loop().time() - before;
        assert_eq!(transport.peer_address().unwrap().inet(), Some(answering));
        assert_eq!(took, 0.25);
        transport.abort();
        Ok(())
    });
}

#[test]
fn a_delay_that_is_no_number_is_refused() {
    in_loop(async {
        let (_kept, port) = super::closed_port();
        let outcome = here(port).happy_eyeballs_delay(f64::NAN).await.map(drop);
        assert_eq!(
            error_of(outcome),
            (Kind::Value, "Invalid timeout: NaN (not a number)".to_owned())
        );
        Ok(())
    });
}

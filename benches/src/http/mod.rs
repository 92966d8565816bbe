//! HTTP beside its peers: servers by the CPU time of a request over connections that are kept, clients by a thousand requests, ten at a time.

pub mod client;
pub mod race;
pub mod servers;

/// What is asked for.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What is answered.
pub const HELLO: &str = "Hello, world!";

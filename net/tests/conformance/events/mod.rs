//! `test_events`: what it has on sockets.

mod connections;
mod datagrams;
mod servers;
mod sockets;

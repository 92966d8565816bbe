//! `DatagramProtocol`: what a transport of datagrams tells of them.

use kolo_executor::{Error, Result};

use crate::address::Address;
use crate::datagram::transport::DatagramTransport;

/// Is told of the datagrams that come to a socket, by its [`DatagramTransport`]. Mirrors `asyncio.DatagramProtocol`.
///
/// All calls are made in the loop's thread, one at a time, first `connection_made`, last `connection_lost`; each in a copy of the context in
/// which the endpoint was created. A method takes `&self`, because a transport may tell while its protocol sends: state is in cells. An error that
/// is returned stands for an exception in asyncio: it goes to the loop's exception handler, and the transport goes on.
/// [`create_datagram_endpoint`](crate::create_datagram_endpoint) has an example.
pub trait DatagramProtocol {
    /// The socket is there, and this is its transport.
    fn connection_made(&self, transport: &DatagramTransport) -> Result<()> {
        let _ = transport;
        Ok(())
    }

    /// This datagram has come, from there. One is told in an iteration.
    fn datagram_received(&self, data: &[u8], sender: &Address) -> Result<()> {
        let _ = (data, sender);
        Ok(())
    }

    /// The system has refused to send or receive, as when nobody is there where something was sent. The transport goes on. What this fails with
    /// in the course of a [`sendto`](DatagramTransport::sendto), that fails with.
    fn error_received(&self, error: &Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// The transport is closed: by an error, or in good order. It is the last call.
    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// More is buffered for sending than the high-water mark.
    fn pause_writing(&self) -> Result<()> {
        Ok(())
    }

    /// No more is buffered than the low-water mark, after it had been more than the high one.
    fn resume_writing(&self) -> Result<()> {
        Ok(())
    }
}

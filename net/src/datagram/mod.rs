//! Datagrams: their protocol, the transport that receives and sends them, and how both come to be.

pub(crate) mod endpoint;
pub(crate) mod open;
pub(crate) mod outgoing;
pub(crate) mod protocol;
pub(crate) mod socket;
pub(crate) mod transport;

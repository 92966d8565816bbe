//! Whom the transport of a socket tells.

use std::any::Any;
use std::rc::Rc;

use crate::protocol::Protocol;
use crate::stream::protocol::StreamProtocol;

/// A protocol. That of streams is known as such, because it runs no user's code: what it is told most often it is told directly, and in no
/// context.
#[derive(Clone)]
pub(super) enum Told {
    Streams(Rc<StreamProtocol>),
    Protocol(Rc<dyn Protocol>),
}

impl Told {
    pub(super) fn new(protocol: Rc<dyn Protocol>) -> Told {
        let any: Rc<dyn Any> = protocol.clone();
        match any.downcast() {
            Ok(streams) => Told::Streams(streams),
            Err(_) => Told::Protocol(protocol),
        }
    }

    pub(super) fn protocol(&self) -> Rc<dyn Protocol> {
        match self {
            Told::Streams(streams) => streams.clone(),
            Told::Protocol(protocol) => protocol.clone(),
        }
    }
}

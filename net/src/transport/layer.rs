//! Transports that stand on another one.

use std::rc::Rc;

use kolo_executor::{Promise, Result};

use crate::protocol::Protocol;
use crate::transport::Transport;

/// Puts something between a transport and its protocol: given that protocol, and the promise that is set once its connection is made.
pub(crate) type Layer = Rc<dyn Fn(Rc<dyn Protocol>, Promise<()>) -> Result<Layered>>;

pub(crate) struct Layered {
    /// What the transport below has for a protocol.
    pub(crate) below: Rc<dyn Protocol>,
    /// What the protocol above has for a transport.
    pub(crate) transport: Transport,
}

/// Begins a connection for `protocol`, on that which `start` begins for the protocol it is given.
pub(crate) fn start(
    protocol: Rc<dyn Protocol>,
    made: Promise<()>,
    layer: Option<&Layer>,
    start: impl FnOnce(Rc<dyn Protocol>, Option<Promise<()>>) -> Result<Transport>,
) -> Result<Transport> {
    let Some(layer) = layer else {
        return start(protocol, Some(made));
    };
    let Layered { below, transport } = layer(protocol, made)?;
    start(below, None)?;
    Ok(transport)
}

//! What the transports of a child's pipes have for a protocol.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::{Error, Result};
use kolo_net::Protocol;

use crate::subprocess::child::{Child, Stream};

/// Tells the child of one of its pipes.
pub(crate) struct PipeProtocol {
    /// `None` once the pipe is lost.
    child: RefCell<Option<Rc<Child>>>,
    stream: Stream,
}

impl PipeProtocol {
    pub(crate) fn new(child: Rc<Child>, stream: Stream) -> Rc<PipeProtocol> {
        let child = RefCell::new(Some(child));
        Rc::new(PipeProtocol { child, stream })
    }

    fn child(&self) -> Option<Rc<Child>> {
        self.child.borrow().clone()
    }
}

impl Protocol for PipeProtocol {
    fn data_received(&self, data: &[u8]) -> Result<()> {
        if let Some(child) = self.child() {
            child.pipe_data_received(self.stream, data.to_vec());
        }
        Ok(())
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        let child = self.child.take();
        if let Some(child) = child {
            child.pipe_connection_lost(self.stream, error.cloned());
        }
        Ok(())
    }

    fn pause_writing(&self) -> Result<()> {
        self.child().map_or(Ok(()), |child| child.stdin_protocol.pause_writing())
    }

    fn resume_writing(&self) -> Result<()> {
        self.child().map_or(Ok(()), |child| child.stdin_protocol.resume_writing())
    }
}

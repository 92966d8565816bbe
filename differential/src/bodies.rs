//! Running bodies: a coroutine's, in a task; a callback's, in none.

use std::pin::Pin;
use std::rc::Rc;

use kolo::Result;

use crate::frame::Frame;
use crate::program::{Body, Op};
use crate::streams::Connection;
use crate::world::World;

/// A coroutine of a program. Boxed, because bodies nest as deep as programs like. A box adds no suspension.
pub type Coroutine<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// How a body ended that did not fail.
#[derive(Clone, Copy)]
pub(crate) enum Flow {
    /// Its last step is done.
    Normal,
    /// The coroutine is to be left with this value.
    Return(i64),
}

impl World {
    /// A call of a coroutine of the program.
    pub(crate) fn call(self: &Rc<Self>, coroutine: usize) -> Coroutine<i64> {
        self.call_with(coroutine, None)
    }

    /// A call of a coroutine that handles this connection, if any.
    pub(crate) fn call_with(self: &Rc<Self>, coroutine: usize, own: Option<Connection>) -> Coroutine<i64> {
        self.call_body(&self.program.coroutines[coroutine], own)
    }

    /// A call of a body, with a frame of its own.
    pub(crate) fn call_body(self: &Rc<Self>, body: &Body, own: Option<Connection>) -> Coroutine<i64> {
        let frame = Rc::new(Frame::of(own));
        let run = self.run_body(&frame, body);
        self.meddler.call(Box::pin(async move {
            match run.await? {
                Flow::Normal => Ok(0),
                Flow::Return(value) => Ok(value),
            }
        }))
    }

    /// Runs a body in a frame that is there.
    pub(crate) fn run_body(self: &Rc<Self>, frame: &Rc<Frame>, body: &Body) -> Coroutine<Flow> {
        let (world, frame, body) = (Rc::clone(self), Rc::clone(frame), Rc::clone(body));
        Box::pin(async move {
            for step in &*body {
                match &step.op {
                    Op::Now(op) => world.perform(&frame, step, op)?,
                    Op::PrimitiveNow(op) => world.perform_on_primitive(&frame, step, op),
                    Op::Descriptor(op) => world.perform_on_descriptor(&frame, step, op),
                    Op::Wait(op) => world.wait(&frame, step, op).await?,
                    Op::PrimitiveWait(op) => world.wait_at_primitive(&frame, step, op).await?,
                    Op::Scope(op) => {
                        if let Flow::Return(value) = world.within(&frame, step, op).await? {
                            return Ok(Flow::Return(value));
                        }
                    }
                    Op::PrimitiveScope(op) => {
                        if let Flow::Return(value) = world.within_primitive(&frame, step, op).await? {
                            return Ok(Flow::Return(value));
                        }
                    }
                    Op::Stream(op) => world.perform_on_stream(&frame, step, op),
                    Op::Server(op) => world.perform_on_server(step, op),
                    Op::SocketWait(op) => world.wait_for_socket(&frame, step, op).await?,
                    Op::StreamWait(op) => world.wait_for_stream(&frame, step, op).await?,
                    Op::ServerWait(op) => world.wait_for_server(step, op).await?,
                    Op::Return(value) => {
                        let value = frame.value(*value);
                        world.log(step, value);
                        return Ok(Flow::Return(value));
                    }
                }
            }
            Ok(Flow::Normal)
        })
    }

    /// Runs what a callback does.
    pub(crate) fn run_acts(self: &Rc<Self>, frame: &Frame, acts: &Body) -> Result<()> {
        for step in &**acts {
            match &step.op {
                Op::Now(op) => self.perform(frame, step, op)?,
                Op::PrimitiveNow(op) => self.perform_on_primitive(frame, step, op),
                Op::Descriptor(op) => self.perform_on_descriptor(frame, step, op),
                Op::Stream(op) => self.perform_on_stream(frame, step, op),
                Op::Server(op) => self.perform_on_server(step, op),
                _ => unreachable!("the parser refuses op {} in a callback", step.path),
            }
        }
        Ok(())
    }
}

//! Programs as types. [`parse`] makes them of JSON; nothing here runs.
//!
//! A program is a handful of shared resources, all named by index, and the bodies of its coroutines. A body is a list of
//! [`Step`]s. Each step knows its path, the place where it stands, because traces name steps by it.

mod arguments;
mod net_arguments;
mod net_ops;
mod net_table;
mod ops;
mod parse;
mod primitive_table;
mod resources;
mod table;

pub use net_ops::{
    DescriptorOp, Destination, Direction, End, ServerOp, ServerWaitOp, SocketWaitOp, Stream, StreamOp, StreamWaitOp,
};
pub use ops::{NowOp, PrimitiveNowOp, PrimitiveScopeOp, PrimitiveWaitOp, ScopeOp, WaitOp};
pub use parse::{ParseError, parse};
pub use resources::{QueueKind, QueueShape, Resources};

use std::rc::Rc;

/// A program, checked: every index in it is in range, every step stands where it may stand.
#[derive(Debug)]
pub struct Program {
    /// What the program declares before its coroutines.
    pub resources: Resources,
    /// The bodies of the coroutines. The first one is main.
    pub coroutines: Vec<Body>,
}

/// Steps in order. Shared, because every activation of a coroutine holds on to its body while it runs.
pub type Body = Rc<[Step]>;

/// One operation, at its place in the program.
#[derive(Debug)]
pub struct Step {
    /// Coroutine index, then the index in each body on the way: `2.3f.0`.
    pub path: String,
    /// The operation's name as the program writes it.
    pub name: String,
    /// What to do.
    pub op: Op,
}

/// Operations, by what running them takes.
#[derive(Debug)]
pub enum Op {
    /// Leave the coroutine with a value.
    Return(Operand),
    /// Done at once; allowed in callbacks.
    Now(NowOp),
    /// Awaits one thing.
    Wait(WaitOp),
    /// Holds bodies, and runs them within something.
    Scope(ScopeOp),
    /// Done at once, on a lock, an event, a queue, ...
    PrimitiveNow(PrimitiveNowOp),
    /// Done at once, on a socket.
    Descriptor(DescriptorOp),
    /// Done at once, on a stream.
    Stream(StreamOp),
    /// Done at once, on a server.
    Server(ServerOp),
    /// Waits for a socket.
    SocketWait(SocketWaitOp),
    /// Waits for a stream.
    StreamWait(StreamWaitOp),
    /// Waits for a server.
    ServerWait(ServerWaitOp),
    /// Waits for a lock, an event, a queue, ...
    PrimitiveWait(PrimitiveWaitOp),
    /// Holds a lock, a semaphore, ... while a body runs.
    PrimitiveScope(PrimitiveScopeOp),
}

/// An integer, written down or taken from the register of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// This integer.
    Literal(i64),
    /// What the register holds when the step runs.
    Register,
}

/// Which object; resolved when the step runs, and possibly empty then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The main task.
    Main,
    /// What this task slot holds.
    Task(usize),
    /// The plain promise at this index.
    Promise(usize),
    /// What this gather slot holds.
    Gather(usize),
    /// What this shield slot holds.
    Shield(usize),
}

/// What gather, shield and their like are given: a call of a coroutine, or an object that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// A fresh call of the coroutine of this index.
    Call(usize),
    /// An object.
    Object(Reference),
}

/// What `wait_for` waits for.
#[derive(Debug)]
pub enum Target {
    /// One thing.
    Child(Child),
    /// A coroutine without a name, with a frame of its own.
    Body(Body),
}

/// When `wait` has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitMode {
    /// Everything is done.
    All,
    /// Something is done.
    First,
    /// Something has failed, or everything is done.
    FirstError,
}

/// The two forms of `as_completed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionMode {
    /// Results, one by one.
    Results,
    /// The objects themselves.
    Objects,
}

/// A length of time or a moment on the loop's clock, in ticks of 1/64 second: sums of them are exact in binary floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks(pub i64);

impl Ticks {
    /// In seconds, as the loop counts.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 64.0
    }

    /// The tick at this moment of the loop's clock.
    pub fn at(seconds: f64) -> Ticks {
        Ticks((seconds * 64.0) as i64)
    }
}

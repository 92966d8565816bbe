//! The operations on sockets, streams and servers, with their arguments.

use std::fmt;
use std::net::Shutdown;

use super::Body;

/// Which socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// One of the two ends of this pair.
    Pair(usize, usize),
    /// What this slot holds.
    Slot(usize),
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Pair(pair, 0) => write!(formatter, "p{pair}a"),
            End::Pair(pair, _) => write!(formatter, "p{pair}b"),
            End::Slot(slot) => write!(formatter, "x{slot}"),
        }
    }
}

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It can be read from.
    Read,
    /// It can be written to.
    Write,
}

impl Direction {
    /// What traces call a callback for it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Read => "reader",
            Direction::Write => "writer",
        }
    }
}

/// Which stream: a reader and a writer, or a reader alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What this slot holds.
    Slot(usize),
    /// The connection that the frame handles.
    Own,
}

/// Where to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// This listener.
    Listener(usize),
    /// The path of the server in this slot.
    Server(usize),
}

/// Operations on sockets that do not wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum DescriptorOp {
    Watch {
        direction: Direction,
        end: End,
        times: Option<usize>,
        acts: Body,
    },
    Unwatch {
        direction: Direction,
        end: End,
    },
    Send {
        end: End,
        data: Vec<u8>,
    },
    Receive {
        end: End,
        size: usize,
    },
    Shut {
        end: End,
        how: Shutdown,
    },
    Close(End),
    CloseListener(usize),
}

/// Operations on sockets that wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum SocketWaitOp {
    Receive { end: End, size: usize },
    ReceiveInto { end: End, size: usize },
    ReceiveAll { end: End, size: usize },
    SendAll { end: End, data: Vec<u8> },
    Accept { listener: usize, slot: usize },
    Connect { slot: usize, to: Destination },
}

/// Operations on streams that do not wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum StreamOp {
    Share(usize),
    ReaderNew {
        slot: usize,
        limit: Option<usize>,
    },
    Feed {
        stream: Stream,
        data: Vec<u8>,
    },
    FeedEof(Stream),
    SetError {
        stream: Stream,
        error: i64,
    },
    Error(Stream),
    AtEof(Stream),
    Write {
        stream: Stream,
        data: Vec<u8>,
    },
    WriteLines {
        stream: Stream,
        lines: Vec<Vec<u8>>,
    },
    WriteEof(Stream),
    CanWriteEof(Stream),
    IsClosing(Stream),
    BufferSize(Stream),
    SetLimits {
        stream: Stream,
        high: Option<i64>,
        low: Option<i64>,
    },
    Close(Stream),
    Abort(Stream),
}

/// Operations on streams that wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum StreamWaitOp {
    Open {
        slot: usize,
        end: End,
        limit: Option<usize>,
    },
    OpenUnix {
        slot: usize,
        to: Destination,
        limit: Option<usize>,
    },
    Read {
        stream: Stream,
        size: i64,
    },
    ReadLine(Stream),
    ReadExactly {
        stream: Stream,
        size: i64,
    },
    ReadUntil {
        stream: Stream,
        separators: Vec<Vec<u8>>,
    },
    ReadLines {
        stream: Stream,
        at_most: i64,
    },
    Drain(Stream),
    WaitClosed(Stream),
}

/// Operations on servers that do not wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum ServerOp {
    Close(usize),
    CloseClients(usize),
    AbortClients(usize),
    IsServing(usize),
}

/// Operations on servers that wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum ServerWaitOp {
    Start {
        slot: usize,
        handler: usize,
        limit: Option<usize>,
    },
    WaitClosed(usize),
    ServeForever(usize),
}

//! Streams, and the operations on them that do not wait.

use std::cell::Cell;
use std::rc::Rc;

use kolo::{Error, Result, StreamReader, StreamWriter};

use crate::frame::Frame;
use crate::program::{Step, Stream, StreamOp};
use crate::values::{ProgramError, error_name};
use crate::world::World;

/// A reader and a writer, or a reader alone.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) reader: StreamReader,
    pub(crate) writer: Option<StreamWriter>,
    /// A reader alone that has been told of its end is fed no more.
    is_fed_up: Rc<Cell<bool>>,
    /// How many wait until less is to be sent.
    pub(crate) draining: Rc<Cell<usize>>,
}

impl Connection {
    pub(crate) fn new((reader, writer): (StreamReader, StreamWriter)) -> Connection {
        Connection {
            reader,
            writer: Some(writer),
            is_fed_up: Rc::default(),
            draining: Rc::default(),
        }
    }

    fn alone(reader: StreamReader) -> Connection {
        Connection {
            reader,
            writer: None,
            is_fed_up: Rc::default(),
            draining: Rc::default(),
        }
    }
}

impl World {
    pub(crate) fn perform_on_stream(&self, frame: &Frame, step: &Step, op: &StreamOp) {
        match op {
            StreamOp::Share(slot) => match &frame.own {
                Some(connection) => {
                    self.streams.set(*slot, connection.clone());
                    self.log(step, "ok");
                }
                None => self.log(step, "none"),
            },
            StreamOp::ReaderNew { slot, limit } => {
                let reader = limit.map_or_else(|| Ok(StreamReader::new()), StreamReader::with_limit);
                let outcome = reader.map(|reader| self.put(*slot, Connection::alone(reader)));
                self.log_outcome(step, outcome);
            }
            StreamOp::Feed { stream, data } => self.fed(frame, step, *stream, |connection| connection.reader.feed_data(data)),
            StreamOp::FeedEof(stream) => self.fed(frame, step, *stream, |connection| {
                connection.is_fed_up.set(true);
                connection.reader.feed_eof();
            }),
            StreamOp::SetError { stream, error } => self.on_reader(frame, step, *stream, |reader| {
                reader.set_error(ProgramError(*error));
                "ok".into()
            }),
            StreamOp::Error(stream) => self.on_reader(frame, step, *stream, |reader| {
                reader.error().map_or("no".into(), |error| error_name(&error))
            }),
            StreamOp::AtEof(stream) => self.on_reader(frame, step, *stream, |reader| reader.at_eof().to_string()),
            StreamOp::Write { stream, data } => self.on_writer(frame, step, *stream, |writer| outcome(writer.write(data))),
            StreamOp::WriteLines { stream, lines } => self.on_writer(frame, step, *stream, |writer| {
                // CPython 3.13.0 does not know what to do then.
                if writer.is_closing() {
                    return "closing".into();
                }
                outcome(writer.writelines(lines))
            }),
            StreamOp::WriteEof(stream) => self.on_writer(frame, step, *stream, |writer| outcome(writer.write_eof())),
            StreamOp::CanWriteEof(stream) => {
                self.on_writer(frame, step, *stream, |writer| writer.can_write_eof().to_string());
            }
            StreamOp::IsClosing(stream) => self.on_writer(frame, step, *stream, |writer| writer.is_closing().to_string()),
            StreamOp::BufferSize(stream) => self.on_writer(frame, step, *stream, |writer| {
                // How much a socket takes is the system's affair.
                if writer.write_buffer_size() == 0 { "0" } else { "some" }.into()
            }),
            StreamOp::SetLimits { stream, high, low } => {
                self.on_writer(frame, step, *stream, |writer| outcome(set_limits(writer, *high, *low)));
            }
            StreamOp::Close(stream) => self.on_writer(frame, step, *stream, |writer| {
                writer.close();
                "ok".into()
            }),
            StreamOp::Abort(stream) => self.on_writer(frame, step, *stream, |writer| {
                writer.abort();
                "ok".into()
            }),
        }
    }

    /// Has a slot hold a stream, which lives until the run is over.
    pub(crate) fn put(&self, slot: usize, connection: Connection) {
        self.connections.borrow_mut().push(connection.clone());
        self.streams.set(slot, connection);
    }

    pub(crate) fn stream(&self, frame: &Frame, stream: Stream) -> Option<Connection> {
        match stream {
            Stream::Slot(slot) => self.streams.get(slot),
            Stream::Own => frame.own.clone(),
        }
    }

    /// Does something with a reader alone that may still be fed, or writes why it cannot.
    fn fed(&self, frame: &Frame, step: &Step, stream: Stream, feed: impl FnOnce(&Connection)) {
        match self.stream(frame, stream).filter(|connection| connection.writer.is_none()) {
            Some(connection) if connection.is_fed_up.get() => self.log(step, "eof"),
            Some(connection) => {
                feed(&connection);
                self.log(step, "ok");
            }
            None => self.log(step, "none"),
        }
    }

    fn on_reader(&self, frame: &Frame, step: &Step, stream: Stream, work: impl FnOnce(&StreamReader) -> String) {
        match self.stream(frame, stream) {
            Some(connection) => self.log(step, work(&connection.reader)),
            None => self.log(step, "none"),
        }
    }

    fn on_writer(&self, frame: &Frame, step: &Step, stream: Stream, work: impl FnOnce(&StreamWriter) -> String) {
        match self.stream(frame, stream).and_then(|connection| connection.writer) {
            Some(writer) => self.log(step, work(&writer)),
            None => self.log(step, "none"),
        }
    }
}

/// In a program the marks can be below 0; what kolo takes cannot.
fn set_limits(writer: &StreamWriter, high: Option<i64>, low: Option<i64>) -> Result<()> {
    let count = |mark: Option<i64>| mark.map(usize::try_from).transpose();
    match (count(high), count(low)) {
        (Ok(high), Ok(low)) => writer.transport().set_write_buffer_limits(high, low),
        _ => Err(Error::value("a mark below 0")),
    }
}

fn outcome(outcome: Result<()>) -> String {
    outcome.map_or_else(|error| format!("err {}", error_name(&error)), |()| "ok".into())
}

//! The operations that wait for a stream.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream as _;
use kolo::{Error, Result, StreamReader, StreamWriter, open_connection_on, open_unix_connection};

use crate::frame::Frame;
use crate::program::{End, Step, Stream, StreamWaitOp};
use crate::sockets::Usable;
use crate::streams::Connection;
use crate::values::show;
use crate::world::World;

impl World {
    pub(crate) async fn wait_for_stream(&self, frame: &Frame, step: &Step, op: &StreamWaitOp) -> Result<()> {
        match op {
            StreamWaitOp::Open { slot, end, limit } => self.open(step, *slot, *end, *limit).await,
            StreamWaitOp::OpenUnix { slot, to, limit } => {
                let mut opening = open_unix_connection(self.sockets.path(*to));
                if let Some(limit) = limit {
                    opening = opening.limit(*limit);
                }
                let streams = self.logged(step, opening.await)?;
                self.put(*slot, Connection::new(streams));
                self.log(step, "ok");
                Ok(())
            }
            StreamWaitOp::Read { stream, size } => {
                let read = async |reader: StreamReader| match usize::try_from(*size) {
                    Ok(size) => reader.read(size).await,
                    Err(_) => reader.read_to_end().await,
                };
                self.read(frame, step, *stream, read).await
            }
            StreamWaitOp::ReadLine(stream) => {
                let read = async |reader: StreamReader| reader.read_line().await;
                self.read(frame, step, *stream, read).await
            }
            StreamWaitOp::ReadExactly { stream, size } => {
                let read = async |reader: StreamReader| match usize::try_from(*size) {
                    Ok(size) => reader.read_exactly(size).await,
                    Err(_) => Err(Error::value("readexactly size can not be less than zero")),
                };
                self.read(frame, step, *stream, read).await
            }
            StreamWaitOp::ReadUntil { stream, separators } => {
                let read = async |reader: StreamReader| match &separators[..] {
                    [separator] => reader.read_until(separator).await,
                    several => reader.read_until_any(several).await,
                };
                self.read(frame, step, *stream, read).await
            }
            StreamWaitOp::ReadLines { stream, at_most } => self.read_lines(frame, step, *stream, *at_most).await,
            StreamWaitOp::Drain(stream) => {
                let connection = self.stream(frame, *stream);
                let drain = async |writer: StreamWriter| {
                    let _draining = connection.as_ref().map(|connection| Draining::new(&connection.draining));
                    writer.drain().await
                };
                self.wait_for_writer(frame, step, *stream, drain).await
            }
            StreamWaitOp::WaitClosed(stream) => {
                let wait_closed = async |writer: StreamWriter| writer.wait_closed().await;
                self.wait_for_writer(frame, step, *stream, wait_closed).await
            }
        }
    }

    /// Makes a stream of one of the program's sockets, which is the stream's from now on, whatever comes of it.
    async fn open(&self, step: &Step, slot: usize, end: End, limit: Option<usize>) -> Result<()> {
        let take = || -> Usable<_> {
            let socket = self.sockets.end(end)?;
            socket.open()?;
            if socket.is_watched() { Err("busy") } else { Ok(socket.give()) }
        };
        let (socket, given) = match take() {
            Ok(taken) => taken,
            Err(why) => {
                self.log(step, why);
                return Ok(());
            }
        };
        let mut opening = open_connection_on(socket);
        if let Some(limit) = limit {
            opening = opening.limit(limit);
        }
        let streams = opening.await;
        given.made(streams.as_ref().ok().map(|(_, writer)| writer.clone()));
        let streams = self.logged(step, streams)?;
        self.put(slot, Connection::new(streams));
        self.log(step, "ok");
        Ok(())
    }

    async fn read(
        &self,
        frame: &Frame,
        step: &Step,
        stream: Stream,
        read: impl AsyncFnOnce(StreamReader) -> Result<Vec<u8>>,
    ) -> Result<()> {
        match self.stream(frame, stream) {
            Some(connection) => {
                let data = self.logged(step, read(connection.reader).await)?;
                self.keep_data(frame, step, &data);
            }
            None => self.log(step, "none"),
        }
        Ok(())
    }

    async fn read_lines(&self, frame: &Frame, step: &Step, stream: Stream, at_most: i64) -> Result<()> {
        let Some(connection) = self.stream(frame, stream) else {
            self.log(step, "none");
            return Ok(());
        };
        let mut lines = connection.reader.lines();
        let mut count = 0;
        while let Some(line) = poll_fn(|context| Pin::new(&mut lines).poll_next(context)).await {
            let line = self.logged(step, line)?;
            self.log(step, format!("item {}", show(&line)));
            count += 1;
            if count >= at_most {
                break;
            }
        }
        self.log(step, "ok");
        Ok(())
    }

    async fn wait_for_writer(
        &self,
        frame: &Frame,
        step: &Step,
        stream: Stream,
        wait: impl AsyncFnOnce(StreamWriter) -> Result<()>,
    ) -> Result<()> {
        match self.stream(frame, stream).and_then(|connection| connection.writer) {
            Some(writer) => {
                self.logged(step, wait(writer).await)?;
                self.log(step, "ok");
            }
            None => self.log(step, "none"),
        }
        Ok(())
    }
}

/// One who waits until less is to be sent.
struct Draining<'a>(&'a Cell<usize>);

impl Draining<'_> {
    fn new(count: &Cell<usize>) -> Draining<'_> {
        count.set(count.get() + 1);
        Draining(count)
    }
}

impl Drop for Draining<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

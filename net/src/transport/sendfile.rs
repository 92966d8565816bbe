//! `sendfile`: a file, or a part of one, by a transport.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use kolo_executor::{Error, Promise, Result, try_running_loop};
use kolo_threads::executors::offload;

use crate::protocol::Protocol;
use crate::transport::Transport;

/// How much is read at a time of a file that the system cannot send by itself, in bytes.
const BLOCK: u64 = 64 * 1024;

/// What of a file is to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    /// `None`: to its end.
    pub(crate) count: Option<u64>,
}

impl Transport {
    /// Sends a file from `offset` on, `count` bytes or to its end, and gives how many that were. Mirrors `loop.sendfile`.
    ///
    /// Of a socket the system does that itself, on Linux; else the file is read on a thread. Meanwhile nothing is read from the connection, and
    /// nothing else can be written.
    ///
    /// ```
    /// use std::fs::File;
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{open_connection_on, run};
    ///
    /// run(async {
    ///     let (ours, theirs) = UnixStream::pair()?;
    ///     let (_reader, writer) = open_connection_on(ours).await?;
    ///     let (peer, _writer) = open_connection_on(theirs).await?;
    ///     let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    ///     let sent = writer.transport().sendfile(File::open(path)?, 0, None).await?;
    ///     writer.close();
    ///     assert_eq!(peer.read_to_end().await?, std::fs::read(path)?);
    ///     assert_eq!(sent, std::fs::metadata(path)?.len());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Runtime, when the transport is closing, or sends a file already; Io, when the file cannot be read or the connection is lost; Cancelled.
    ///
    /// # Cancel safety
    /// A part of the file may have been sent.
    #[track_caller]
    pub fn sendfile<F: Into<Arc<File>>>(
        &self,
        file: F,
        offset: u64,
        count: Option<u64>,
    ) -> impl Future<Output = Result<u64>> + use<F> {
        let (transport, site) = (self.clone(), Location::caller());
        let (file, part) = (file.into(), Part { offset, count });
        async move {
            let outcome = match transport.0.send_file(&file, offset, count) {
                Some(sending) => match sending {
                    Ok(sent) => sent.await,
                    Err(error) => Err(error),
                },
                None => by_reading(&transport, &file, part, site).await,
            };
            outcome.map_err(|error| error.at(site))
        }
    }
}

/// Reads the file and writes it, piece by piece.
async fn by_reading(transport: &Transport, file: &Arc<File>, mut part: Part, site: &'static Location<'static>) -> Result<u64> {
    let paced = Paced::begin(transport)?;
    let mut sent = 0;
    loop {
        let count = part.count.unwrap_or(BLOCK).min(BLOCK);
        let (file, offset) = (file.clone(), part.offset);
        let block = offload(site, move || read(&file, offset, count)).await?;
        if block.is_empty() {
            return Ok(sent);
        }
        let count = block.len() as u64;
        sent += count;
        part.offset += count;
        part.count = part.count.map(|left| left - count);
        transport.write(block)?;
        paced.0.drain().await?;
    }
}

fn read(file: &File, offset: u64, count: u64) -> Result<Vec<u8>> {
    let mut block = vec![0; count as usize];
    let count = file.read_at(&mut block, offset)?;
    block.truncate(count);
    Ok(block)
}

/// Stands in for the protocol of a transport by which a file is sent, until it is dropped.
struct Paced(Rc<Pace>);

impl Paced {
    fn begin(transport: &Transport) -> Result<Paced> {
        let Some(protocol) = transport.0.protocol().filter(|_| !transport.is_closing()) else {
            return Err(Error::runtime("Transport is closing"));
        };
        let was_reading = transport.is_reading();
        transport.pause_reading();
        let pace = Rc::new(Pace {
            protocol,
            transport: transport.clone(),
            was_reading,
            is_paused: Cell::new(false),
            error: RefCell::default(),
            resumed: RefCell::default(),
        });
        transport.set_protocol(pace.clone());
        Ok(Paced(pace))
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let pace = &*self.0;
        pace.transport.set_protocol(pace.protocol.clone());
        if pace.was_reading {
            pace.transport.resume_reading();
        }
        if pace.is_paused.get() {
            // It goes on being paused: its own protocol is told, and will be told when it is not any more.
            let _ = pace.protocol.pause_writing();
        }
    }
}

struct Pace {
    protocol: Rc<dyn Protocol>,
    transport: Transport,
    was_reading: bool,
    is_paused: Cell<bool>,
    /// With which the connection was lost.
    error: RefCell<Option<Error>>,
    resumed: RefCell<Option<Promise<()>>>,
}

impl Pace {
    /// Waits while too much is buffered.
    async fn drain(&self) -> Result<()> {
        if self.is_paused.get() {
            let resumed = try_running_loop()?.create_promise();
            self.resumed.replace(Some(resumed.clone()));
            resumed.await?;
        }
        let error = self.error.borrow().clone();
        match error {
            Some(error) => Err(error),
            None if self.transport.is_closing() => Err(Error::runtime("Transport is closing")),
            None => Ok(()),
        }
    }

    fn resume(&self) {
        self.is_paused.set(false);
        if let Some(resumed) = self.resumed.take() {
            // Refused when it was cancelled.
            let _ = resumed.set_result(());
        }
    }
}

impl Protocol for Pace {
    fn data_received(&self, data: &[u8]) -> Result<()> {
        self.protocol.data_received(data)
    }

    fn eof_received(&self) -> Result<bool> {
        self.protocol.eof_received()
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.error.replace(error.cloned());
        self.resume();
        self.protocol.connection_lost(error)
    }

    fn pause_writing(&self) -> Result<()> {
        self.is_paused.set(true);
        Ok(())
    }

    fn resume_writing(&self) -> Result<()> {
        self.resume();
        Ok(())
    }
}

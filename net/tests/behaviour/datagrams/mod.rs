//! Endpoints of datagrams: when their protocol is told, and of what.

mod closing;
mod endpoints;
mod receiving;
mod sending;

use std::cell::RefCell;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;

use kolo_executor::testing::Trace;
use kolo_executor::{Error, Result};
use kolo_net::{Address, DatagramProtocol, DatagramTransport, create_datagram_endpoint, create_datagram_endpoint_on};

/// Records all that it is told, with the iteration.
pub(crate) struct Recorder {
    trace: Trace,
    /// What `datagram_received` and `error_received` fail with.
    pub(crate) failure: RefCell<Option<Error>>,
    pub(crate) sender: RefCell<Option<Address>>,
}

impl Recorder {
    pub(crate) fn new(trace: &Trace) -> Rc<Recorder> {
        Rc::new(Recorder {
            trace: trace.clone(),
            failure: RefCell::default(),
            sender: RefCell::default(),
        })
    }

    fn outcome(&self) -> Result<()> {
        self.failure.borrow().clone().map_or(Ok(()), Err)
    }
}

impl DatagramProtocol for Recorder {
    fn connection_made(&self, _: &DatagramTransport) -> Result<()> {
        self.trace.log_iteration("made");
        Ok(())
    }

    fn datagram_received(&self, data: &[u8], sender: &Address) -> Result<()> {
        self.trace
            .log_iteration(format_args!("received {}", String::from_utf8_lossy(data)));
        self.sender.replace(Some(sender.clone()));
        self.outcome()
    }

    fn error_received(&self, error: &Error) -> Result<()> {
        self.trace.log_iteration(format_args!("error {:?}", error.errno()));
        self.outcome()
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.trace.log_iteration(format_args!("lost {error:?}"));
        Ok(())
    }

    fn pause_writing(&self) -> Result<()> {
        self.trace.log_iteration("pause");
        Ok(())
    }

    fn resume_writing(&self) -> Result<()> {
        self.trace.log_iteration("resume");
        Ok(())
    }
}

/// An endpoint at a free port of this computer. Iterations are counted from when it is there, and what has been recorded is forgotten.
pub(crate) async fn endpoint(trace: &Trace) -> Result<(DatagramTransport, Rc<Recorder>)> {
    let recorder = Recorder::new(trace);
    let made = create_datagram_endpoint(move || recorder).local(("127.0.0.1", 0)).await;
    trace.take();
    trace.start();
    made
}

/// An endpoint of a Unix socket, and its peer, which has no more room: with how many datagrams it was filled.
pub(crate) async fn full(trace: &Trace) -> Result<(DatagramTransport, Rc<Recorder>, UnixDatagram, usize)> {
    let (ours, theirs) = UnixDatagram::pair()?;
    for end in [&ours, &theirs] {
        end.set_nonblocking(true)?;
    }
    let mut count = 0;
    while ours.send(b"full").is_ok() {
        count += 1;
    }
    let recorder = Recorder::new(trace);
    let (transport, recorder) = create_datagram_endpoint_on(move || recorder, ours).await?;
    trace.take();
    trace.start();
    Ok((transport, recorder, theirs, count))
}

/// Takes so many datagrams.
pub(crate) fn take(end: &UnixDatagram, count: usize) -> Vec<Vec<u8>> {
    let one = |_| {
        let mut buffer = [0; 65536];
        let length = end.recv(&mut buffer).expect("a datagram");
        buffer[..length].to_vec()
    };
    (0..count).map(one).collect()
}

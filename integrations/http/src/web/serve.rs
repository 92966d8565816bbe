//! One connection of a server, from its first request to its last.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1::Builder;
use kolo_executor::{Result, cancellable, timeout};
use kolo_net::{StreamReader, StreamWriter};

use crate::rt::Timer;
use crate::web::application::Application;
use crate::web::connections::{Connections, Place};
use crate::web::lengths::Lengths;
use crate::web::limits::Limits;
use crate::web::service::Service;
use crate::web::slow::Watched;

/// How long it is read on what a client sends after its answer, in seconds: closed at once, its system would throw that answer away. aiohttp's
/// `lingering_time`.
const LINGERING: f64 = 10.0;

pub(crate) async fn serve(
    app: Application,
    limits: Limits,
    connections: Rc<Connections>,
    place: Rc<Place>,
    (reader, writer): (StreamReader, StreamWriter),
) -> Result<()> {
    let (lengths, is_unread) = (Rc::new(RefCell::new(Lengths::default())), Rc::new(Cell::new(false)));
    let service = Service {
        app,
        limits,
        remote: writer.peer_address(),
        connections: connections.clone(),
        lengths: lengths.clone(),
        is_unread: is_unread.clone(),
    };
    let streams = (reader.clone(), writer.clone()).into();
    let mut builder = Builder::new();
    builder
        .timer(Timer)
        .header_read_timeout(Duration::from_secs_f64(limits.head_time.clamp(0.0, 1e9)));
    builder.max_header_size(limits.head);
    let connection = builder.serve_connection(Watched::new(streams, lengths, limits.write_time), service);
    let served = cancellable(async {
        let mut connection = pin!(connection);
        let mut is_told = false;
        poll_fn(|context| {
            if !is_told && place.is_closing(context.waker()) {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(context)
        })
        .await
    });
    // Bad requests were answered, and of bad connections there is nobody to tell.
    let has_failed = served.await?.is_err();
    if (has_failed || is_unread.get()) && !connections.is_closing() {
        linger(&reader, &writer).await?;
    }
    Ok(())
}

/// Reads on until the client has gone, and throws away what it sends.
async fn linger(reader: &StreamReader, writer: &StreamWriter) -> Result<()> {
    if writer.is_closing() {
        return Ok(());
    }
    // Said already, unless it has failed.
    let _ = writer.write_eof();
    let gone = timeout(LINGERING, async {
        while let piece = reader.read(1 << 16).await?
            && !piece.is_empty()
        {}
        Ok(())
    });
    match gone.await {
        Err(error) if error.is_cancelled() => Err(error),
        _ => Ok(()),
    }
}

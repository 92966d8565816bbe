//! `Protocol`: what a transport tells of its connection.

use std::any::Any;

use kolo_executor::Result;

use crate::transport::Transport;

/// Is told what happens to a connection, by its [`Transport`]. Mirrors `asyncio.Protocol`.
///
/// All calls are made in the loop's thread, one at a time, first `connection_made`, last `connection_lost`. A method takes `&self`, because a transport
/// may tell while its protocol writes: state is in cells. An error that is returned stands for an exception in asyncio: it goes to the loop's
/// exception handler, and one of `data_received` or `eof_received` ends the connection.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
///
/// use kolo::{Error, Promise, Protocol, Result, Transport, create_connection, create_server, run};
///
/// struct Echo(RefCell<Option<Transport>>);
///
/// impl Protocol for Echo {
///     fn connection_made(&self, transport: &Transport) -> Result<()> {
///         self.0.replace(Some(transport.clone()));
///         Ok(())
///     }
///
///     fn data_received(&self, data: &[u8]) -> Result<()> {
///         self.0.borrow().as_ref().expect("connected").write(data)
///     }
///
///     fn connection_lost(&self, _error: Option<&Error>) -> Result<()> {
///         self.0.take();
///         Ok(())
///     }
/// }
///
/// struct Client(Promise<Vec<u8>>);
///
/// impl Protocol for Client {
///     fn connection_made(&self, transport: &Transport) -> Result<()> {
///         transport.write(b"hello")
///     }
///
///     fn data_received(&self, data: &[u8]) -> Result<()> {
///         self.0.set_result(data.to_vec())
///     }
/// }
///
/// run(async {
///     let server = create_server(|| Rc::new(Echo(RefCell::default())), ("127.0.0.1", 0)).await?;
///     let port = server.addresses()[0].port().expect("of TCP");
///     let (transport, client) = create_connection(|| Rc::new(Client(Promise::new())), ("127.0.0.1", port)).await?;
///     assert_eq!(client.0.clone().await?, b"hello");
///     transport.close();
///     server.close();
///     server.wait_closed().await
/// })
/// .unwrap();
/// ```
pub trait Protocol: Any {
    /// The connection is there, and this is its transport.
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        let _ = transport;
        Ok(())
    }

    /// These bytes have come: never none, and at the most 256 KiB.
    fn data_received(&self, data: &[u8]) -> Result<()> {
        let _ = data;
        Ok(())
    }

    /// The peer sends no more. `true` keeps the connection open for writing; else it is closed.
    fn eof_received(&self) -> Result<bool> {
        Ok(false)
    }

    /// The connection is lost or closed: by an error, or in good order. It is the last call.
    fn connection_lost(&self, error: Option<&kolo_executor::Error>) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// More is buffered for writing than the high-water mark.
    fn pause_writing(&self) -> Result<()> {
        Ok(())
    }

    /// No more is buffered than the low-water mark, after it had been more than the high one.
    fn resume_writing(&self) -> Result<()> {
        Ok(())
    }
}

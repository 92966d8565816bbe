//! The operations that wait for a socket.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo::{Address, Error, Result, sock_accept, sock_connect, sock_recv, sock_recv_into, sock_sendall};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::frame::Frame;
use crate::program::{Destination, SocketWaitOp, Step};
use crate::sockets::{Socket, Usable};
use crate::values::show;
use crate::world::World;

impl World {
    pub(crate) async fn wait_for_socket(&self, frame: &Frame, step: &Step, op: &SocketWaitOp) -> Result<()> {
        match op {
            SocketWaitOp::Receive { end, size } => {
                let socket = self.sockets.end(*end);
                if let Some(data) = self.wait_for(step, socket, |socket| sock_recv(socket, *size)).await? {
                    self.keep_data(frame, step, &data);
                }
            }
            SocketWaitOp::ReceiveInto { end, size } => {
                let (socket, mut buffer) = (self.sockets.end(*end), vec![0; *size]);
                let buffer = &mut buffer[..];
                if let Some(count) = self.wait_for(step, socket, |socket| sock_recv_into(socket, buffer)).await? {
                    frame.register.set(count as i64);
                    self.log(step, format!("ok {count}"));
                }
            }
            SocketWaitOp::ReceiveAll { end, size } => {
                let socket = self.sockets.end(*end);
                if let Some(data) = self.wait_for(step, socket.clone(), |_| receive_all(socket, *size)).await? {
                    self.keep_data(frame, step, &data);
                }
            }
            SocketWaitOp::SendAll { end, data } => {
                let socket = self.sockets.end(*end);
                if let Some(()) = self.wait_for(step, socket, |socket| sock_sendall(socket, data)).await? {
                    self.log(step, "ok");
                }
            }
            SocketWaitOp::Accept { listener, slot } => {
                let listener = Ok(self.sockets.listener(*listener));
                if let Some((connection, _)) = self.wait_for(step, listener, sock_accept).await? {
                    self.sockets.fill(*slot, connection);
                    self.log(step, "ok");
                }
            }
            SocketWaitOp::Connect { slot, to } => {
                let connection = self.logged(step, self.connect(*to).await)?;
                self.sockets.fill(*slot, connection);
                self.log(step, "ok");
            }
        }
        Ok(())
    }

    /// Waits for a socket, or writes why that cannot be used. On kolo whoever waits for a socket keeps it open while it is watched, and no longer:
    /// nothing else holds it meanwhile.
    async fn wait_for<S: AsRawFd, T, W: Future<Output = Result<T>>>(
        &self,
        step: &Step,
        socket: Usable<Rc<Socket<S>>>,
        wait: impl FnOnce(&Rc<S>) -> W,
    ) -> Result<Option<T>> {
        match socket.and_then(|socket| Ok(wait(&socket.open()?))) {
            Ok(wait) => self.logged(step, wait.await).map(Some),
            Err(why) => {
                self.log(step, why);
                Ok(None)
            }
        }
    }

    async fn connect(&self, to: Destination) -> Result<Rc<UnixStream>> {
        // The standard library makes sockets that are connected already.
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None);
        let socket = socket.map_err(|error| Error::from(std::io::Error::from(error)))?;
        let socket = Rc::new(UnixStream::from(socket));
        sock_connect(&socket, Address::Unix(self.sockets.path(to))).await?;
        Ok(socket)
    }

    /// Writes down what has been read. Its length is kept in the register.
    pub(crate) fn keep_data(&self, frame: &Frame, step: &Step, data: &[u8]) {
        frame.register.set(data.len() as i64);
        self.log(step, format!("ok {}", show(data)));
    }
}

/// So many bytes, or those up to the end, or up to when the socket is not the program's any more.
async fn receive_all(socket: Usable<Rc<Socket<UnixStream>>>, size: usize) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let receive = |rest: usize| Some(sock_recv(&socket.clone().ok()?.open().ok()?, rest));
    while data.len() < size
        && let Some(receive) = receive(size - data.len())
    {
        let more = receive.await?;
        if more.is_empty() {
            break;
        }
        data.extend(more);
    }
    Ok(data)
}

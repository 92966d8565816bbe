//! The floor: epoll, one buffer for all, and no tasks.

use std::collections::VecDeque;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags};

use super::listen;
use crate::net::work::Service;

struct Server {
    epoll: OwnedFd,
    /// By their descriptors.
    connections: Vec<Option<Connection>>,
    buffer: Vec<u8>,
}

struct Connection {
    socket: TcpStream,
    /// What there was no room for. While there is any, nothing is read.
    unsent: VecDeque<u8>,
}

pub(super) fn serve(service: Service) {
    let listener = listen();
    let mut server = Server {
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll"),
        connections: Vec::new(),
        buffer: match service {
            Service::Echo { buffer } => vec![0; buffer],
            Service::Close => Vec::new(),
        },
    };
    let listening = EventData::new_u64(u64::MAX);
    epoll::add(&server.epoll, &listener, listening, EventFlags::IN).expect("a listener that can be watched");
    let mut events = Vec::with_capacity(1024);
    loop {
        events.clear();
        epoll::wait(&server.epoll, spare_capacity(&mut events), None).expect("a wait that ends");
        for event in &events {
            match event.data.u64() {
                u64::MAX => server.accept(&listener, service),
                number => server.serve(number as usize),
            }
        }
    }
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, service: Service) {
        while let Ok(socket) = rustix::net::accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
            if service == Service::Close {
                continue;
            }
            let socket = TcpStream::from(socket);
            socket.set_nodelay(true).expect("a socket of TCP");
            let number = socket.as_raw_fd() as usize;
            epoll::add(&self.epoll, &socket, EventData::new_u64(number as u64), EventFlags::IN).expect("watched");
            if number >= self.connections.len() {
                self.connections.resize_with(number + 1, || None);
            }
            let unsent = VecDeque::new();
            self.connections[number] = Some(Connection { socket, unsent });
        }
    }

    fn serve(&mut self, number: usize) {
        let Some(connection) = &mut self.connections[number] else {
            return;
        };
        let outcome = match connection.unsent.is_empty() {
            true => connection.echo(&mut self.buffer),
            false => connection.send_rest(),
        };
        let interest = match outcome {
            Ok(true) => return,
            Ok(false) if connection.unsent.is_empty() => EventFlags::IN,
            Ok(false) => EventFlags::OUT,
            Err(_) => {
                self.connections[number] = None;
                return;
            }
        };
        epoll::modify(&self.epoll, &connection.socket, EventData::new_u64(number as u64), interest).expect("watched");
    }
}

impl Connection {
    /// Whether the same is to be watched for as before. The end is an error.
    fn echo(&mut self, buffer: &mut [u8]) -> Result<bool, Errno> {
        let (count, _) = rustix::net::recv(&self.socket, &mut *buffer, RecvFlags::empty())?;
        if count == 0 {
            return Err(Errno::PIPE);
        }
        let sent = self.send(&buffer[..count])?;
        self.unsent.extend(&buffer[sent..count]);
        Ok(self.unsent.is_empty())
    }

    fn send_rest(&mut self) -> Result<bool, Errno> {
        let sent = self.send(self.unsent.as_slices().0)?;
        self.unsent.drain(..sent);
        Ok(!self.unsent.is_empty())
    }

    fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        match rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL) {
            Err(Errno::AGAIN) => Ok(0),
            outcome => outcome,
        }
    }
}

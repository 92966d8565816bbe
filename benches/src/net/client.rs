//! The client: a loop over epoll, with as many connections as are wanted, each of which asks again as soon as it has its answer.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

use super::work::{Service, Work};

/// How long a client waits for a server that says nothing.
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

pub struct Client {
    work: Work,
    server: SocketAddr,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    message: Vec<u8>,
    /// The bytes of an answer.
    answer: usize,
    buffer: Vec<u8>,
    events: Vec<epoll::Event>,
    answered: u64,
}

struct Connection {
    socket: TcpStream,
    /// Of the message under way.
    sent: usize,
    received: usize,
    watches_writing: bool,
}

impl Client {
    /// One whose connections have each had an answer, which is as long as the message.
    pub fn new(work: Work, port: u16) -> Result<Client, String> {
        Client::of_messages(work, port, vec![b'x'; work.message], work.message)
    }

    /// One that says this, and has answers of so many bytes.
    pub fn of_messages(work: Work, port: u16, message: Vec<u8>, answer: usize) -> Result<Client, String> {
        let mut client = Client {
            work,
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| error.to_string())?,
            connections: Vec::new(),
            message,
            answer,
            buffer: vec![0; answer.max(64)],
            events: Vec::with_capacity(1024),
            answered: 0,
        };
        for number in 0..work.connections {
            client.connect(number)?;
            // One after the other, so that none has to wait in a queue that is full.
            if work.message > 0 {
                client.until(number as u64 + 1)?;
            }
        }
        Ok(client)
    }

    /// Asks for so long, and says how many answers there were.
    pub fn ask(&mut self, time: Duration) -> Result<u64, String> {
        let (begun, before) = (Instant::now(), self.answered);
        while begun.elapsed() < time {
            self.turn()?;
        }
        Ok(self.answered - before)
    }

    /// Asks until there were so many answers in all.
    pub fn until(&mut self, answered: u64) -> Result<(), String> {
        while self.answered < answered {
            self.turn()?;
        }
        Ok(())
    }

    fn connect(&mut self, number: usize) -> Result<(), String> {
        let socket = self.open(number as u64).map_err(|error| format!("connecting: {error}"))?;
        let connection = Connection {
            socket,
            sent: 0,
            received: 0,
            watches_writing: false,
        };
        match self.connections.get_mut(number) {
            Some(place) => *place = connection,
            None => self.connections.push(connection),
        }
        match self.work.service {
            Service::Echo { .. } => self.send(number),
            Service::Close => Ok(()),
        }
    }

    fn open(&self, number: u64) -> Result<TcpStream, Errno> {
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        if self.work.service == Service::Close {
            // The server closes first. Then nothing is left of a connection when this end is reset, not even its port for a while.
            sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        }
        rustix::net::connect(&socket, &self.server)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        epoll::add(&self.epoll, &socket, EventData::new_u64(number), EventFlags::IN)?;
        Ok(socket.into())
    }

    fn turn(&mut self) -> Result<(), String> {
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let outcome = epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&PATIENCE));
        if outcome.map_err(|error| error.to_string())? == 0 {
            return Err("the server says nothing any more".to_owned());
        }
        for event in &events {
            let (number, flags) = (event.data.u64() as usize, event.flags);
            if flags.contains(EventFlags::OUT) {
                self.send(number)?;
            }
            if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
                self.receive(number)?;
            }
        }
        self.events = events;
        Ok(())
    }

    fn send(&mut self, number: usize) -> Result<(), String> {
        let connection = &mut self.connections[number];
        let rest = &self.message[connection.sent..];
        match rustix::net::send(&connection.socket, rest, SendFlags::NOSIGNAL) {
            Ok(count) => connection.sent += count,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(format!("sending: {error}")),
        }
        let is_under_way = connection.sent < self.message.len();
        if connection.watches_writing != is_under_way {
            connection.watches_writing = is_under_way;
            let interest = match is_under_way {
                true => EventFlags::IN | EventFlags::OUT,
                false => EventFlags::IN,
            };
            let outcome = epoll::modify(&self.epoll, &connection.socket, EventData::new_u64(number as u64), interest);
            outcome.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn receive(&mut self, number: usize) -> Result<(), String> {
        let connection = &mut self.connections[number];
        match rustix::net::recv(&connection.socket, &mut *self.buffer, RecvFlags::empty()) {
            Ok((0, _)) | Err(Errno::CONNRESET) if self.work.service == Service::Close => {
                self.answered += 1;
                self.connect(number)
            }
            Ok((0, _)) => Err("the server has closed a connection".to_owned()),
            Ok((count, _)) => {
                connection.received += count;
                if connection.received < self.answer {
                    return Ok(());
                }
                (connection.sent, connection.received) = (0, 0);
                self.answered += 1;
                self.send(number)
            }
            Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(format!("receiving: {error}")),
        }
    }
}

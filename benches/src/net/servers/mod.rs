//! The servers: one for each runtime, as its users write it.

mod compio;
mod epoll;
mod glommio;
mod kolo;
mod monoio;
mod smol;
mod tokio;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use rustix::net::{AddressFamily, SocketType};
use rustix::process::Signal;
use rustix::thread::CpuSet;

use super::work::Service;

/// Serves until its process ends.
pub type Serve = fn(Service);

/// All of them; the first is the least that can do it.
pub const SERVERS: [(&str, Serve); 9] = [
    ("raw epoll", epoll::serve),
    ("kolo streams", kolo::serve_by_streams),
    ("kolo sock_*", kolo::serve_by_sock),
    ("tokio current_thread", tokio::serve),
    ("smol", smol::serve),
    ("monoio epoll", monoio::serve_by_epoll),
    ("monoio io_uring", monoio::serve_by_io_uring),
    ("compio epoll", compio::serve),
    ("glommio io_uring", glommio::serve),
];

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// The processor that servers have, and the one that clients have.
pub const SERVERS_PROCESSOR: usize = 0;
pub const CLIENTS_PROCESSOR: usize = 1;

/// Is this server. The process ends with the one that has started it.
pub fn serve(name: &str, service: Service) -> Result<(), String> {
    let (_, serve) = SERVERS.iter().find(|server| server.0 == name).ok_or("no such server")?;
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| error.to_string())?;
    stay_on(SERVERS_PROCESSOR);
    serve(service);
    Ok(())
}

/// Has this process run on one processor, if there is such a one.
pub fn stay_on(processor: usize) {
    let mut processors = CpuSet::new();
    processors.set(processor);
    let _ = rustix::thread::sched_setaffinity(None, &processors);
}

/// A listening socket, of whose port the process that has started this one is told. It does not block.
pub(crate) fn listen() -> TcpListener {
    let listen = || {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        rustix::net::listen(&socket, BACKLOG)?;
        let listener = TcpListener::from(socket);
        listener.set_nonblocking(true)?;
        announce(listener.local_addr()?);
        std::io::Result::Ok(listener)
    };
    listen().expect("a listening socket")
}

fn announce(address: SocketAddr) {
    println!("{}", address.port());
    std::io::stdout().flush().expect("whoever has started this listens");
}

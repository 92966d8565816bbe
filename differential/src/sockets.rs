//! The sockets of one run: what the program's words for them name, who watches them, and when each may be used.

use std::cell::{OnceCell, RefCell};
use std::fs;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kolo::{Result, StreamWriter};

use crate::program::{Destination, End, Resources};

/// All of them.
pub(crate) struct Sockets {
    pairs: Vec<[Rc<Socket<UnixStream>>; 2]>,
    /// What has connected and was accepted.
    slots: RefCell<Vec<Option<Rc<Socket<UnixStream>>>>>,
    /// All that were in a slot: they stay open until the run is over.
    filled: RefCell<Vec<Rc<Socket<UnixStream>>>>,
    listeners: Vec<Rc<Socket<UnixListener>>>,
    paths: Paths,
}

impl Sockets {
    pub(crate) fn new(resources: &Resources) -> Result<Sockets> {
        let paths = Paths::new(resources);
        let listeners = (0..resources.listeners).map(|listener| {
            let listener = UnixListener::bind(paths.of(Destination::Listener(listener)))?;
            listener.set_nonblocking(true)?;
            Ok(Rc::new(Socket::new(Rc::new(listener))))
        });
        Ok(Sockets {
            pairs: (0..resources.pairs).map(|_| new_pair()).collect::<Result<_>>()?,
            slots: RefCell::new(vec![None; resources.socks]),
            filled: RefCell::default(),
            listeners: listeners.collect::<Result<_>>()?,
            paths,
        })
    }

    /// The socket that an end names, or why there is none.
    pub(crate) fn end(&self, end: End) -> Usable<Rc<Socket<UnixStream>>> {
        match end {
            End::Pair(pair, side) => Ok(self.pairs[pair][side].clone()),
            End::Slot(slot) => self.slots.borrow()[slot].clone().ok_or("none"),
        }
    }

    pub(crate) fn listener(&self, listener: usize) -> Rc<Socket<UnixListener>> {
        self.listeners[listener].clone()
    }

    /// Has a slot hold a socket that is new. What it held before lives on.
    pub(crate) fn fill(&self, slot: usize, socket: Rc<UnixStream>) {
        let socket = Rc::new(Socket::new(socket));
        self.filled.borrow_mut().push(socket.clone());
        self.slots.borrow_mut()[slot] = Some(socket);
    }

    /// All ends and listeners, by name.
    fn ends(&self) -> impl Iterator<Item = (String, Rc<Socket<UnixStream>>)> {
        let pairs = self.pairs.iter().flatten().cloned().enumerate();
        let pairs = pairs.map(|(number, socket)| (End::Pair(number / 2, number % 2).to_string(), socket));
        let filled = self.filled.borrow().clone().into_iter();
        pairs.chain(filled.map(|socket| (format!("descriptor {}", socket.descriptor()), socket)))
    }

    /// Those that were to become streams, did not, and are open.
    pub(crate) fn abandoned(&self) -> impl Iterator<Item = String> {
        let is_abandoned = |socket: &Socket<UnixStream>| socket.given().is_some_and(|given| given.is_abandoned());
        self.ends()
            .filter(move |(_, socket)| is_abandoned(socket))
            .map(|(name, _)| name)
    }

    /// Those for which a task waits.
    pub(crate) fn waited_for(&self) -> impl Iterator<Item = String> {
        let ends = self.ends().filter(|(_, socket)| socket.is_waited_for()).map(|(name, _)| name);
        let listeners = self
            .listeners
            .iter()
            .enumerate()
            .filter(|(_, listener)| listener.is_waited_for());
        ends.chain(listeners.map(|(number, _)| format!("l{number}")))
    }

    pub(crate) fn path(&self, destination: Destination) -> PathBuf {
        self.paths.of(destination)
    }
}

fn new_pair() -> Result<[Rc<Socket<UnixStream>>; 2]> {
    let (a, b) = UnixStream::pair()?;
    for end in [&a, &b] {
        end.set_nonblocking(true)?;
    }
    Ok([a, b].map(|end| Rc::new(Socket::new(Rc::new(end)))))
}

/// Paths of one run's own, which are removed with it.
struct Paths {
    stem: PathBuf,
    listeners: usize,
    servers: usize,
}

impl Paths {
    fn new(resources: &Resources) -> Paths {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Paths {
            stem: std::env::temp_dir().join(format!("kolo-differential-{}-{number}", std::process::id())),
            listeners: resources.listeners,
            servers: resources.servers,
        }
    }

    fn of(&self, destination: Destination) -> PathBuf {
        self.stem.with_extension(match destination {
            Destination::Listener(listener) => format!("l{listener}"),
            Destination::Server(server) => format!("v{server}"),
        })
    }
}

impl Drop for Paths {
    fn drop(&mut self) {
        let listeners = (0..self.listeners).map(Destination::Listener);
        for destination in listeners.chain((0..self.servers).map(Destination::Server)) {
            // Of a server that was closed, or never began, there is none.
            let _ = fs::remove_file(self.of(destination));
        }
    }
}

/// What can be used, or the word that a trace has for why it cannot.
pub(crate) type Usable<T> = std::result::Result<T, &'static str>;

/// A socket that the program made, and what has become of it.
pub(crate) struct Socket<S> {
    state: RefCell<State<S>>,
    descriptor: RawFd,
    /// The program's readers and writers of it have a copy.
    watching: Rc<()>,
}

enum State<S> {
    Open(Rc<S>),
    Closed,
    /// It belongs to a stream.
    Given(Rc<Given>),
}

impl<S: AsRawFd> Socket<S> {
    fn new(socket: Rc<S>) -> Socket<S> {
        Socket {
            descriptor: socket.as_raw_fd(),
            state: RefCell::new(State::Open(socket)),
            watching: Rc::default(),
        }
    }

    /// The socket, if the program may still use it itself.
    pub(crate) fn open(&self) -> Usable<Rc<S>> {
        match &*self.state.borrow() {
            State::Open(socket) => Ok(socket.clone()),
            State::Closed => Err("closed"),
            State::Given(given) => Err(if given.is_open() { "busy" } else { "closed" }),
        }
    }

    /// The stream that has the socket, if there is one.
    pub(crate) fn given(&self) -> Option<Rc<Given>> {
        match &*self.state.borrow() {
            State::Given(given) => Some(given.clone()),
            _ => None,
        }
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.descriptor
    }

    /// What a reader or writer has as long as the loop has it.
    pub(crate) fn watching(&self) -> Rc<()> {
        self.watching.clone()
    }

    /// Whether a task waits for it. On kolo whoever waits for a socket holds it while it is watched, and no longer.
    fn is_waited_for(&self) -> bool {
        match &*self.state.borrow() {
            State::Open(socket) => Rc::strong_count(socket) > 1,
            _ => false,
        }
    }

    /// Whether anybody watches it.
    pub(crate) fn is_watched(&self) -> bool {
        self.is_waited_for() || Rc::strong_count(&self.watching) > 1
    }

    /// Closes it, if nobody watches it any more.
    pub(crate) fn close(&self) {
        drop(self.state.replace(State::Closed));
    }
}

impl Socket<UnixStream> {
    /// Takes the socket out, for a stream that will have it. Nobody may watch it.
    pub(crate) fn give(&self) -> (UnixStream, Rc<Given>) {
        let given = Rc::new(Given::new(self.descriptor));
        match self.state.replace(State::Given(given.clone())) {
            State::Open(socket) => {
                let socket = Rc::try_unwrap(socket).expect("nobody watches it");
                (socket, given)
            }
            _ => unreachable!("only a socket that is open is given to a stream"),
        }
    }
}

/// A socket that belongs to a stream, which closes it some time.
pub(crate) struct Given {
    descriptor: RawFd,
    /// The file behind the descriptor, whose number may come back when it is closed.
    file: Option<u64>,
    /// `None` in it: the stream was not made after all, and is being closed.
    stream: OnceCell<Option<StreamWriter>>,
}

impl Given {
    fn new(descriptor: RawFd) -> Given {
        Given {
            descriptor,
            file: file_behind(descriptor),
            stream: OnceCell::new(),
        }
    }

    /// Notes what has become of the attempt to make a stream of it.
    pub(crate) fn made(&self, stream: Option<StreamWriter>) {
        assert!(self.stream.set(stream).is_ok(), "a socket is given to one stream");
    }

    fn is_open(&self) -> bool {
        self.file.is_some() && file_behind(self.descriptor) == self.file
    }

    /// Whether it has not become a stream's, and is open all the same.
    fn is_abandoned(&self) -> bool {
        !matches!(self.stream.get(), Some(Some(_))) && self.is_open()
    }

    /// Its descriptor, unless it is closed, or about to be.
    pub(crate) fn descriptor(&self) -> Usable<RawFd> {
        if !self.is_open() {
            return Err("closed");
        }
        match self.stream.get() {
            Some(None) => Err("busy"),
            Some(Some(stream)) if stream.is_closing() => Err("busy"),
            _ => Ok(self.descriptor),
        }
    }
}

/// The number of the file behind a descriptor, if that is open.
fn file_behind(descriptor: RawFd) -> Option<u64> {
    let file = fs::metadata(format!("/proc/self/fd/{descriptor}"));
    file.ok().map(|file| file.ino())
}

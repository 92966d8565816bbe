//! An echo server with a loop on each core, all at one port: `echo_per_core PORT` until Ctrl-C, or without a port for a hundred clients.

use std::cell::Cell;
use std::env;
use std::rc::Rc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use kolo::{
    Completer, Error, Result, StreamReader, StreamWriter, gather, open_connection, run, running_loop, sleep, start_server,
};

/// A thread with a loop of its own. The loops share nothing; the system deals the connections out among them.
struct Core {
    port: u16,
    stop: Completer<()>,
    thread: JoinHandle<Result<u32>>,
}

impl Core {
    /// Returns once it listens at this port, or at one that is free.
    fn start(port: u16) -> Result<Core> {
        let (started, is_started) = mpsc::channel();
        let thread = thread::spawn(move || run(serve(port, started)));
        match is_started.recv() {
            Ok((port, stop)) => Ok(Core { port, stop, thread }),
            // It has ended without a word: why, is what it gives.
            Err(_) => Err(join(thread)
                .err()
                .unwrap_or_else(|| Error::runtime("the server has not started"))),
        }
    }

    /// How many connections it has served.
    fn stop(self) -> Result<u32> {
        self.stop.set_result(())?;
        join(self.thread)
    }
}

fn join(thread: JoinHandle<Result<u32>>) -> Result<u32> {
    thread
        .join()
        .unwrap_or_else(|_| Err(Error::runtime("the server has panicked")))
}

async fn serve(port: u16, started: Sender<(u16, Completer<()>)>) -> Result<u32> {
    let served = Rc::new(Cell::new(0));
    let counted = served.clone();
    let handler = move |reader, writer| {
        counted.update(|count| count + 1);
        echo(reader, writer)
    };
    let server = start_server(handler, ("127.0.0.1", port)).reuse_port(true).await?;
    let (stop, stopped) = running_loop().remote_promise();
    let port = server.addresses()[0].port().unwrap_or_default();
    started
        .send((port, stop))
        .map_err(|_| Error::runtime("nobody waits for the server"))?;
    stopped.await?;
    server.close();
    server.close_clients();
    server.wait_closed().await?;
    Ok(served.get())
}

async fn echo(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    while let data = reader.read(64 * 1024).await?
        && !data.is_empty()
    {
        writer.write(data)?;
        writer.drain().await?;
    }
    Ok(())
}

/// Sends a few lines, each once the one before has come back.
async fn client(port: u16, number: u32) -> Result<u32> {
    let (reader, writer) = open_connection(("127.0.0.1", port)).await?;
    for line in 0..3 {
        let line = format!("line {line} of client {number}\n");
        writer.write(&line)?;
        if reader.read_line().await? != line.as_bytes() {
            return Err(Error::value(format!("another answer than {line}")));
        }
    }
    Ok(3)
}

async fn hundred_clients(port: u16) -> Result<()> {
    let lines = gather((0..100).map(|number| client(port, number))).await?;
    println!("{} lines came back", lines.iter().sum::<u32>());
    Ok(())
}

fn main() -> Result<()> {
    let port = env::args().nth(1).map(|port| port.parse()).transpose()?;
    let cores = thread::available_parallelism()?.get().max(2);
    let first = Core::start(port.unwrap_or(0))?;
    let at = first.port;
    let mut all = vec![first];
    for _ in 1..cores {
        all.push(Core::start(at)?);
    }
    let outcome = match port {
        None => run(hundred_clients(at)),
        // Ctrl-C goes to the loop of the main thread, which has nothing else to do.
        Some(_) => run(async {
            loop {
                sleep(3600).await?;
            }
        }),
    };
    let served: Vec<u32> = all.into_iter().map(Core::stop).collect::<Result<_>>()?;
    eprintln!("served by each core: {served:?}");
    println!("{} connections", served.iter().sum::<u32>());
    outcome
}

//! The trials: a server, its clients, and what it came to.

use std::cell::{Cell, RefCell};
use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Instant;

use kolo::{Error, Result, Server, StreamReader, StreamWriter, all_tasks, run, running_loop, sleep, start_server};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::left::{Had, most_resident, resident};

/// A connection that its peer has reset.
const ECONNRESET: i32 = 104;

type Trial = fn() -> Result<String>;

pub(crate) const TRIALS: [(&str, Trial); 7] = [
    ("idle", idle),
    ("slow_writers", slow_writers),
    ("slow_readers", slow_readers),
    ("faults", faults),
    ("deaf", deaf),
    ("descriptors", descriptors),
    ("million", million),
];

/// A process of clients. It goes with this.
struct Clients(Child);

impl Clients {
    fn start(kind: &str, server: &Server, count: usize) -> Result<Clients> {
        let port = server.addresses()[0].port().ok_or_else(|| Error::runtime("no port"))?;
        let mut command = Command::new(env::current_exe()?);
        command.args(["client", kind, &port.to_string(), &count.to_string()]);
        Ok(Clients(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?))
    }

    /// Until they have said that they are ready, which somebody else listens for: the loop goes on.
    async fn ready(&mut self) -> Result<()> {
        let output = self
            .0
            .stdout
            .take()
            .ok_or_else(|| Error::runtime("nothing is heard of the clients"))?;
        let (completer, promise) = running_loop().remote_promise();
        std::thread::spawn(move || {
            let outcome = BufReader::new(output).read_line(&mut String::new());
            completer.complete(outcome.map_err(Error::from))
        });
        promise.await?;
        Ok(())
    }

    /// Lets them go, and waits for their end.
    async fn end(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        loop {
            if let Some(status) = self.0.try_wait()? {
                let failure = || Error::runtime("the clients have failed");
                return status.success().then_some(()).ok_or_else(failure);
            }
            sleep(0.005).await?;
        }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Until the last connection is gone, which its peer may have closed a moment ago.
async fn settle(before: Had) -> Result<Had> {
    for _ in 0..500 {
        let now = Had::now()?;
        if now.check(before).is_ok() {
            return Ok(now);
        }
        sleep(0.01).await?;
    }
    let now = Had::now()?;
    now.check(before)?;
    Ok(now)
}

async fn close(server: Server) -> Result<()> {
    server.close();
    server.wait_closed().await
}

/// Gives back lines until the end.
async fn echo_lines(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    loop {
        let line = reader.read_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        writer.write(&line)?;
        writer.drain().await?;
    }
}

fn idle() -> Result<String> {
    const COUNT: usize = 10_000;
    run(async {
        let server = start_server(echo_lines, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        let mut clients = Clients::start("idle", &server, COUNT)?;
        clients.ready().await?;
        while all_tasks().len() < COUNT + 1 {
            sleep(0.01).await?;
        }
        // Those that accepted have ended by then.
        sleep(0.1).await?;
        let each = (resident()? - before.resident) / COUNT;
        clients.end().await?;
        settle(before).await?;
        close(server).await?;
        Ok(format!(
            "{COUNT} connections, {each} bytes of memory each; no descriptor and no task left over"
        ))
    })
}

fn slow_writers() -> Result<String> {
    const COUNT: usize = 1_000;
    run(async {
        let server = start_server(echo_lines, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        Clients::start("slow_writers", &server, COUNT)?.end().await?;
        let after = settle(before).await?;
        close(server).await?;
        let more = after.resident.saturating_sub(before.resident) / 1024;
        Ok(format!(
            "{COUNT} lines, a byte at a time; {more} KiB of memory more at the end; nothing left over"
        ))
    })
}

fn slow_readers() -> Result<String> {
    const COUNT: usize = 1_000;
    const PIECE: usize = 16 * 1024;
    const PIECES: usize = 64;
    run(async {
        let most = Rc::new(Cell::new(0));
        let noted = most.clone();
        let handler = move |_: StreamReader, writer: StreamWriter| {
            let noted = noted.clone();
            async move {
                for _ in 0..PIECES {
                    writer.write([b'x'; PIECE])?;
                    noted.set(noted.get().max(writer.write_buffer_size()));
                    writer.drain().await?;
                }
                writer.close();
                writer.wait_closed().await
            }
        };
        // Connections have the listener's: the system keeps little for them, the rest is the server's.
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        set_socket_send_buffer_size(&listener, 16 * 1024).map_err(std::io::Error::from)?;
        let server = start_server(handler, ("127.0.0.1", 0)).on(listener).backlog(4096).await?;
        let before = Had::now()?;
        let highest = most_resident()?;
        Clients::start("slow_readers", &server, COUNT)?.end().await?;
        let grown = (most_resident()?.max(highest) - before.resident) / COUNT;
        settle(before).await?;
        close(server).await?;
        // The high-water mark, and the piece that was written when it was just not reached.
        if most.get() == 0 || most.get() > 64 * 1024 + PIECE {
            return Err(Error::runtime(format!("{} bytes were buffered", most.get())));
        }
        let (sent, most) = (PIECE * PIECES / 1024 / 1024, most.get());
        Ok(format!(
            "{COUNT} times {sent} MiB; at the most {most} bytes buffered for one, {grown} bytes of memory each; nothing left over"
        ))
    })
}

fn faults() -> Result<String> {
    const COUNT: usize = 2_000;
    run(async {
        let seen = Rc::new(RefCell::new([0; 4]));
        let noted = seen.clone();
        let handler = move |reader: StreamReader, writer: StreamWriter| {
            let noted = noted.clone();
            async move {
                let what = match reader.read_line().await {
                    Ok(line) if line.ends_with(b"\n") => {
                        let rest = reader.read_to_end().await;
                        writer.write(&line)?;
                        if rest.is_ok_and(|rest| rest.is_empty()) { 0 } else { 3 }
                    }
                    Ok(_) => 1,
                    Err(error) if error.errno() == Some(ECONNRESET) => 2,
                    Err(_) => 3,
                };
                noted.borrow_mut()[what] += 1;
                Ok(())
            }
        };
        let server = start_server(handler, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        Clients::start("faulty", &server, COUNT)?.end().await?;
        settle(before).await?;
        close(server).await?;
        let [half_closed, ended, reset, other] = *seen.borrow();
        // A reset that comes together with the connection's first bytes may be all that is seen of it.
        if half_closed != COUNT || ended != COUNT || reset > COUNT || other > 0 {
            return Err(Error::runtime(format!(
                "{half_closed}, {ended}, {reset}, {other} of {COUNT} each"
            )));
        }
        Ok(format!(
            "{half_closed} half-closed, {ended} ended within a line, {reset} of {COUNT} seen reset within one; nothing left over"
        ))
    })
}

fn deaf() -> Result<String> {
    const COUNT: usize = 100;
    run(async {
        let most = Rc::new(Cell::new(0));
        let (waiting, noted) = (Rc::new(Cell::new(0)), most.clone());
        let counted = waiting.clone();
        let handler = move |_: StreamReader, writer: StreamWriter| {
            let (noted, counted) = (noted.clone(), counted.clone());
            async move {
                // Of one that never reads, only the end of the drain is seen, and after it that the connection is lost.
                loop {
                    writer.write([b'x'; 16 * 1024])?;
                    noted.set(noted.get().max(writer.write_buffer_size()));
                    let is_full = writer.write_buffer_size() > 64 * 1024;
                    counted.set(counted.get() + usize::from(is_full));
                    if writer.drain().await.is_err() {
                        return Ok(());
                    }
                    counted.set(counted.get() - usize::from(is_full));
                }
            }
        };
        let server = start_server(handler, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        let mut clients = Clients::start("deaf", &server, COUNT)?;
        clients.ready().await?;
        while waiting.get() < COUNT {
            sleep(0.01).await?;
        }
        server.abort_clients();
        clients.end().await?;
        settle(before).await?;
        close(server).await?;
        Ok(format!(
            "{COUNT} that never read; at the most {} bytes buffered for one; aborted, nothing left over",
            most.get()
        ))
    })
}

fn descriptors() -> Result<String> {
    const COUNT: usize = 300;
    const LIMIT: u64 = 100;
    let usual = getrlimit(Resource::Nofile);
    let outcome = run(async move {
        let told = Rc::new(Cell::new(0));
        let noted = told.clone();
        running_loop().set_exception_handler(Some(Rc::new(move |_| noted.set(noted.get() + 1))));
        let server = start_server(echo_lines, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        let mut clients = Clients::start("idle", &server, COUNT)?;
        let few = Rlimit {
            current: Some(LIMIT),
            ..usual.clone()
        };
        setrlimit(Resource::Nofile, few).map_err(std::io::Error::from)?;
        clients.ready().await?;
        let begun = Instant::now();
        while told.get() == 0 {
            sleep(0.01).await?;
        }
        let (first, held) = (told.get(), all_tasks().len());
        setrlimit(Resource::Nofile, usual.clone()).map_err(std::io::Error::from)?;
        while all_tasks().len() < COUNT + 1 {
            sleep(0.01).await?;
        }
        let took = begun.elapsed().as_secs_f64();
        clients.end().await?;
        settle(before).await?;
        close(server).await?;
        Ok(format!(
            "with {LIMIT} descriptors {held} tasks, told of it {first} times; given back, all {COUNT} after {took:.1} s; nothing left over"
        ))
    });
    outcome
}

fn million() -> Result<String> {
    const COUNT: usize = 1_000_000;
    run(async {
        let count = Rc::new(Cell::new(0));
        let early = Rc::new(Cell::new(0));
        let (counted, noted) = (count.clone(), early.clone());
        let handler = move |reader: StreamReader, writer: StreamWriter| {
            counted.set(counted.get() + 1);
            if counted.get() == COUNT / 100 {
                noted.set(resident().unwrap_or(0));
            }
            async move {
                let byte = reader.read(1).await?;
                writer.write(&byte)?;
                writer.close();
                writer.wait_closed().await
            }
        };
        let server = start_server(handler, ("127.0.0.1", 0)).backlog(4096).await?;
        let before = Had::now()?;
        let begun = Instant::now();
        Clients::start("many", &server, COUNT)?.end().await?;
        let took = begun.elapsed().as_secs_f64();
        let after = settle(before).await?;
        close(server).await?;
        if count.get() != COUNT {
            return Err(Error::runtime(format!("{} connections were made", count.get())));
        }
        let more = (after.resident as i64 - early.get() as i64) / 1024;
        Ok(format!(
            "{COUNT} connections, one after the other, in {took:.0} s; {more} KiB of memory more than after the first hundredth; no descriptor and no task left over"
        ))
    })
}

//! Which ports are open, and what is said there: `port_scanner HOST FIRST LAST`, or without these a scan of servers of its own.

use std::cell::Cell;
use std::env;
use std::fmt;
use std::rc::Rc;

use kolo::{Result, Semaphore, Server, StreamReader, StreamWriter, gather, open_connection, run, sleep, start_server, timeout};

/// So many connections are under way at a time.
const AT_ONCE: usize = 8;
/// Seconds that a connection may take, and a greeting after it.
const PATIENCE: f64 = 0.5;

enum Port {
    /// Refused, or nobody answers.
    Closed,
    /// Whoever listens there waits for us to begin.
    Silent,
    /// The line with which connections begin there.
    Greets(String),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Port::Closed => f.write_str("closed"),
            Port::Silent => f.write_str("open"),
            Port::Greets(line) => write!(f, "open, and says: {line}"),
        }
    }
}

struct Scanner {
    host: String,
    permits: Semaphore,
    under_way: Cell<usize>,
    most: Cell<usize>,
}

impl Scanner {
    fn new(host: String) -> Result<Scanner> {
        Ok(Scanner {
            host,
            permits: Semaphore::new(AT_ONCE)?,
            under_way: Cell::new(0),
            most: Cell::new(0),
        })
    }

    async fn look_at(&self, port: u16) -> Result<Port> {
        // Given back at the end of this function, however that comes about.
        let _permit = self.permits.hold().await?;
        self.under_way.update(|count| count + 1);
        self.most.update(|most| most.max(self.under_way.get()));
        let port = connect(&self.host, port).await;
        self.under_way.update(|count| count - 1);
        port
    }
}

async fn connect(host: &str, port: u16) -> Result<Port> {
    let (reader, _writer) = match timeout(PATIENCE, open_connection((host, port))).await {
        Ok(streams) => streams,
        // Refused, unreachable; or too late.
        Err(error) if error.errno().is_some() || error.is_timeout() => return Ok(Port::Closed),
        Err(error) => return Err(error),
    };
    match timeout(PATIENCE, reader.read_line()).await {
        Ok(line) if !line.is_empty() => Ok(Port::Greets(String::from_utf8_lossy(&line).trim_end().to_owned())),
        Err(error) if error.is_cancelled() => Err(error),
        _ => Ok(Port::Silent),
    }
}

/// All ports at once, as far as the semaphore lets them.
async fn scan(host: String, ports: impl IntoIterator<Item = u16>) -> Result<(Vec<Port>, usize)> {
    let scanner = Rc::new(Scanner::new(host)?);
    let look_at = |port| {
        let scanner = scanner.clone();
        async move { scanner.look_at(port).await }
    };
    let found = gather(ports.into_iter().map(look_at)).await?;
    Ok((found, scanner.most.get()))
}

/// Servers of which every sixth greets, and every ninth is silent. The others have a port, but do not listen there.
async fn servers() -> Result<Vec<Server>> {
    let greet = async |_: StreamReader, writer: StreamWriter| writer.write("220 at your service\r\n");
    let wait = async |_reader: StreamReader, _writer: StreamWriter| sleep(60).await;
    let start = |number| {
        let at = ("127.0.0.1", 0);
        match number {
            _ if number % 6 == 0 => start_server(greet, at),
            _ if number % 9 == 0 => start_server(wait, at),
            _ => start_server(greet, at).start_serving(false),
        }
    };
    gather((1..=40).map(start)).await
}

async fn scan_itself() -> Result<()> {
    let servers = servers().await?;
    let ports = servers.iter().filter_map(|server| server.addresses()[0].port());
    let (found, most) = scan("127.0.0.1".to_owned(), ports).await?;
    for (number, port) in (1..).zip(&found).filter(|(_, port)| !matches!(port, Port::Closed)) {
        println!("{number}: {port}");
    }
    println!("{} ports, at most {most} at a time", found.len());
    servers.iter().for_each(Server::close);
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [host, first, last] = &arguments[..] else {
        return run(scan_itself());
    };
    let (first, last): (u16, u16) = (first.parse()?, last.parse()?);
    let (found, _) = run(scan(host.clone(), first..=last))?;
    for (number, port) in (first..=last).zip(found).filter(|(_, port)| !matches!(port, Port::Closed)) {
        println!("{number}: {port}");
    }
    Ok(())
}

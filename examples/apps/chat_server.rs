//! A chat over TCP, a line at a time: `chat_server PORT` for telnet or nc, or without a port a short chat with itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::rc::Rc;

use kolo::{Error, Result, Server, StreamReader, StreamWriter, create_task, gather, open_connection, run, sleep, start_server};

/// So many bytes may wait for a member who does not read.
const BEHIND: usize = 64 * 1024;

/// A handle, as kolo's own are: clones are the same room.
#[derive(Clone, Default)]
struct Room(Rc<RefCell<BTreeMap<String, StreamWriter>>>);

impl Room {
    /// Gives the line to everybody. It awaits nothing, so all see the lines in one order; and whoever does not read them is dropped,
    /// where a `drain` would have everybody wait for the slowest.
    fn publish(&self, line: &str) -> Result<()> {
        for (name, member) in self.0.borrow().iter() {
            member.write(format!("{line}\n"))?;
            if member.write_buffer_size() > BEHIND {
                eprintln!("{name} does not read");
                member.abort();
            }
        }
        Ok(())
    }

    fn join(&self, name: &str, writer: StreamWriter) -> Result<()> {
        if self.0.borrow().contains_key(name) {
            return Err(Error::value(format!("{name} is here already")));
        }
        self.0.borrow_mut().insert(name.to_owned(), writer);
        self.publish(&format!("{name} joins"))
    }

    fn leave(&self, name: &str) -> Result<()> {
        self.0.borrow_mut().remove(name);
        self.publish(&format!("{name} leaves"))
    }
}

/// A line without its end; `None` when there are no more.
async fn read_line(reader: &StreamReader) -> Result<Option<String>> {
    let line = reader.read_line().await?;
    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
    Ok((!line.is_empty()).then_some(text))
}

/// A connection, from its first line to its last. Each has a task of its own.
async fn welcome(room: Room, reader: StreamReader, writer: StreamWriter) -> Result<()> {
    writer.write("your name?\n")?;
    let Some(name) = read_line(&reader).await? else {
        return Ok(()); // the last handle of the writer goes, and so does the connection
    };
    if let Err(error) = room.join(&name, writer.clone()) {
        return writer.write(format!("{error}\n"));
    }
    let outcome = listen(&room, &name, &reader).await;
    // However it has ended: the peer has left, it was reset, or the server is closed and this task cancelled.
    room.leave(&name)?;
    match outcome {
        Err(error) if error.errno().is_some() => Ok(()),
        outcome => outcome,
    }
}

async fn listen(room: &Room, name: &str, reader: &StreamReader) -> Result<()> {
    while let Some(line) = read_line(reader).await? {
        room.publish(&format!("{name}: {line}"))?;
    }
    Ok(())
}

async fn serve(port: u16) -> Result<Server> {
    let room = Room::default();
    let handler = move |reader, writer| welcome(room.clone(), reader, writer);
    start_server(handler, ("127.0.0.1", port)).await
}

/// Comes at `first` seconds, says a line each second, and leaves. Gives what it has read.
async fn visit(port: u16, name: &str, first: f64, lines: &[&str]) -> Result<String> {
    sleep(first).await?;
    let (reader, writer) = open_connection(("127.0.0.1", port)).await?;
    let transcript = create_task(async move { reader.read_to_end().await });
    for line in [name].iter().chain(lines) {
        writer.write(format!("{line}\n"))?;
        sleep(1).await?;
    }
    // Nothing more is said; what the others say until the server has seen this is read all the same.
    writer.write_eof()?;
    Ok(String::from_utf8(transcript.await?)?)
}

async fn chat_with_itself() -> Result<()> {
    let server = serve(0).await?;
    let port = server.addresses()[0].port().expect("of TCP");
    let guests = [
        ("ann", 0.0, &["hello", "is it raining?", "and now?", "good bye"][..]),
        ("bob", 0.5, &["hi ann", "yes"]),
        ("bob", 1.25, &[]),
        ("carol", 2.25, &["still"]),
    ];
    let visits = guests.map(|(name, first, lines)| visit(port, name, first, lines));
    for ((name, ..), transcript) in guests.iter().zip(gather(visits).await?) {
        println!("-- {name} has read:\n{transcript}");
    }
    server.close();
    server.wait_closed().await
}

fn main() -> Result<()> {
    match env::args().nth(1) {
        Some(port) => run(async move {
            let server = serve(port.parse()?).await?;
            println!("{server:?}: Ctrl-C ends it");
            server.serve_forever().await
        }),
        None => run(chat_with_itself()),
    }
}

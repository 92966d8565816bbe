//! A program whose main loop is `poll(2)`: it waits for kolo's loop and for descriptors of its own together, and does nothing meanwhile.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use kolo::{Completer, EventLoop, Promise, Queue, Result, Turn, sleep};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A device at the other end of a socket: the next measurement comes when the last one is written down.
fn sensor(mut socket: UnixStream, done: Completer<()>) -> Result<()> {
    for measurement in [7, 8, 9] {
        socket.write_all(&[measurement])?;
        socket.read_exact(&mut [0])?;
    }
    done.set_result(())?;
    // Until the program closes its end.
    socket.read_exact(&mut [0]).map_err(Into::into)
}

async fn write_down(measurements: Queue<u8>, mut socket: UnixStream, done: Promise<()>) -> Result<()> {
    for _ in 0..3 {
        let measurement = measurements.get().await?;
        sleep(0.05).await?; // it takes its time
        println!("kolo: {measurement} is written down");
        socket.write_all(b"k")?;
    }
    done.await?;
    println!("kolo: the sensor is done");
    Ok(())
}

fn main() -> Result<()> {
    let (mut socket, theirs) = UnixStream::pair()?;
    let event_loop = EventLoop::new()?;
    let (completer, done) = event_loop.remote_promise();
    thread::spawn(move || sensor(theirs, completer));
    let measurements = Queue::new(0);
    event_loop.create_task(write_down(measurements.clone(), socket.try_clone()?, done));

    let mut turns = 0;
    loop {
        let turn = event_loop.turn()?;
        turns += 1;
        if turn == Turn::Done {
            break;
        }
        let timeout = turn.timeout(&event_loop).map(Timespec::try_from).transpose()?;
        let mut descriptors = [PollFd::new(&event_loop, PollFlags::IN), PollFd::new(&socket, PollFlags::IN)];
        poll(&mut descriptors, timeout.as_ref())?;
        if descriptors[1].revents().contains(PollFlags::IN) {
            let mut measurement = [0];
            socket.read_exact(&mut measurement)?;
            println!("host: {} has come", measurement[0]);
            measurements.put_nowait(measurement[0])?;
        }
    }
    println!("{} turns", if turns <= 20 { "few" } else { "many" });
    Ok(())
}

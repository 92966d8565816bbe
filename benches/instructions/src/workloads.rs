//! What is counted. The shapes are those of the benchmarks' workloads, written for kolo alone, and smaller.
//!
//! Whatever a workload does once, such as spawning those who take turns, does not depend on how many operations it is asked for: so
//! it falls out of the difference of two runs.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use kolo::{
    Event, Lock, Promise, Queue, Result, Task, create_task, gather, open_connection_on, run, running_loop, sleep, sock_recv,
    sock_sendall, timeout,
};

/// The number of operations is a multiple of this.
pub(crate) const GRAIN: usize = TASKS;

const TASKS: usize = 100;
const CONTENDERS: usize = 10;
const CHILDREN: usize = 10;
const LIMIT: Duration = Duration::from_secs(10);

type Workload = fn(usize) -> Result<()>;

pub(crate) const WORKLOADS: [(&str, Workload); 10] = [
    ("yield", yields),
    ("spawn", spawn_and_join),
    ("lock", lock),
    ("ping_pong", ping_pong),
    ("timeout", timeouts),
    ("cancel", cancel),
    ("gather", gathers),
    ("promise", promises),
    ("echo_streams", echo_streams),
    ("echo_sock", echo_sock),
];

async fn join_each(tasks: Vec<Task<()>>) -> Result<()> {
    for task in tasks {
        task.await?;
    }
    Ok(())
}

/// 100 tasks take turns. An operation is one turn of one task.
fn yields(turns: usize) -> Result<()> {
    run(async move {
        let turn_takers = (0..TASKS).map(|_| {
            create_task(async move {
                for _ in 0..turns / TASKS {
                    sleep(0).await?;
                }
                Ok(())
            })
        });
        join_each(turn_takers.collect()).await
    })
}

/// 100 tasks that end at their first step are spawned, then joined, again and again. An operation is one task.
fn spawn_and_join(tasks: usize) -> Result<()> {
    run(async move {
        let mut spawned = Vec::with_capacity(TASKS);
        for _ in 0..tasks / TASKS {
            spawned.extend((0..TASKS).map(|i| create_task(async move { Ok(i) })));
            for task in spawned.drain(..) {
                black_box(task.await?);
            }
        }
        Ok(())
    })
}

/// 10 tasks take one lock in turn, and yield while they hold it. An operation is one holding, its yield included.
fn lock(holdings: usize) -> Result<()> {
    run(async move {
        let lock = Rc::new(Lock::new());
        let contenders = (0..CONTENDERS).map(|_| {
            let lock = Rc::clone(&lock);
            create_task(async move {
                for _ in 0..holdings / CONTENDERS {
                    let _held = lock.hold().await?;
                    sleep(0).await?;
                }
                Ok(())
            })
        });
        join_each(contenders.collect()).await
    })
}

/// Two tasks pass a token over two queues of one slot. An operation is once there and back.
fn ping_pong(rounds: usize) -> Result<()> {
    run(async move {
        let ping = Rc::new(Queue::new(1));
        let pong = Rc::new(Queue::new(1));
        let partner = create_task({
            let (ping, pong) = (Rc::clone(&ping), Rc::clone(&pong));
            async move {
                for _ in 0..rounds {
                    let token: usize = ping.get().await?;
                    pong.put(token + 1).await?;
                }
                Ok(())
            }
        });
        let mut token = 0;
        for _ in 0..rounds {
            ping.put(token).await?;
            token = pong.get().await?;
        }
        assert_eq!(token, rounds);
        partner.await
    })
}

/// A limit of ten seconds is armed and disarmed around a yield. An operation is one such limit.
fn timeouts(limits: usize) -> Result<()> {
    run(async move {
        for _ in 0..limits {
            timeout(LIMIT, sleep(0)).await?;
        }
        Ok(())
    })
}

/// 100 tasks that wait for an event are cancelled and collected, again and again. An operation is one task, its spawning and parking
/// included.
fn cancel(tasks: usize) -> Result<()> {
    run(async move {
        let event = Rc::new(Event::new());
        let mut parked = Vec::with_capacity(TASKS);
        for _ in 0..tasks / TASKS {
            parked.extend((0..TASKS).map(|_| {
                let event = Rc::clone(&event);
                create_task(async move { event.wait().await })
            }));
            sleep(0).await?;
            for task in &parked {
                task.cancel();
            }
            for task in parked.drain(..) {
                assert!(task.await.is_err_and(|error| error.is_cancelled()));
            }
        }
        Ok(())
    })
}

/// The values of 10 coroutines that end at once are gathered, again and again. An operation is one child.
fn gathers(children: usize) -> Result<()> {
    run(async move {
        for _ in 0..children / CHILDREN {
            let values = gather((0..CHILDREN).map(|i| async move { Ok(i) })).await?;
            assert_eq!(black_box(values).len(), CHILDREN);
        }
        Ok(())
    })
}

/// A promise that a callback fulfils is awaited. An operation is one promise.
fn promises(promises: usize) -> Result<()> {
    run(async move {
        let event_loop = running_loop();
        for i in 0..promises {
            let promise = Promise::new();
            event_loop.call_soon({
                let promise = promise.clone();
                move || promise.set_result(i).expect("nobody else fulfils it")
            });
            assert_eq!(promise.await?, i);
        }
        Ok(())
    })
}

/// 100 connections, each to a task that gives back what it reads; a plain loop over the other ends asks all of them, and then has all answers, again
/// and again. An operation is one message of 64 bytes there and back, both ends of it.
fn echo_by(serve: impl Fn(TcpStream) -> Result<()> + 'static, messages: usize) -> Result<()> {
    run(async move {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let mut clients = Vec::new();
        for _ in 0..TASKS {
            let client = TcpStream::connect(listener.local_addr()?)?;
            client.set_nonblocking(true)?;
            clients.push(client);
            let (server, _) = listener.accept()?;
            server.set_nonblocking(true)?;
            serve(server)?;
        }
        // Until all of them wait.
        for _ in 0..10 {
            sleep(0).await?;
        }
        let mut bytes = [0; 64];
        for _ in 0..messages / TASKS {
            for client in &mut clients {
                client.write_all(&bytes)?;
            }
            // In the first iteration the loop is told of it, in the second they answer.
            for _ in 0..3 {
                sleep(0).await?;
            }
            for client in &mut clients {
                client.read_exact(&mut bytes)?;
            }
        }
        Ok(())
    })
}

/// By streams.
fn echo_streams(messages: usize) -> Result<()> {
    let serve = |connection: TcpStream| {
        create_task(async move {
            let (reader, writer) = open_connection_on(connection).await?;
            loop {
                let bytes = reader.read(4096).await?;
                if bytes.is_empty() {
                    return Ok(());
                }
                writer.write(&bytes)?;
                writer.drain().await?;
            }
        });
        Ok(())
    };
    echo_by(serve, messages)
}

/// By `sock_recv` and `sock_sendall`.
fn echo_sock(messages: usize) -> Result<()> {
    let serve = |connection: TcpStream| {
        let connection = Rc::new(connection);
        create_task(async move {
            loop {
                let bytes = sock_recv(&connection, 4096).await?;
                if bytes.is_empty() {
                    return Ok(());
                }
                sock_sendall(&connection, &bytes).await?;
            }
        });
        Ok(())
    };
    echo_by(serve, messages)
}

//! The loop's part of CPython's test_events: what holds for a loop with real descriptors and threads. One test for each case, under the
//! case's name.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Clock, EventLoop, Kind, Result, Task, Turn, running_loop, sleep, try_running_loop};

use crate::support::child::in_child;
use crate::support::lives::DropFlag;
use crate::support::outcome::error_of;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// A loop on the clock of the system, for what the system does.
fn real_loop() -> EventLoop {
    EventLoop::with_clock(Clock::Real).expect("a new loop")
}

/// A pair of connected sockets that do not block.
fn sockets() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("a pair of sockets");
    for socket in [&a, &b] {
        socket.set_nonblocking(true).expect("a mode");
    }
    (a, b)
}

fn closed() -> (Kind, String) {
    (Kind::Runtime, "Event loop is closed".to_owned())
}

// Running.

#[test]
fn test_run_until_complete_nesting() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let inside = event_loop.clone();
    let outcome: Result<()> = event_loop.run_until_complete(async move {
        assert!(inside.is_running());
        inside.run_until_complete(async move {
            let _flag = flag;
            panic!("it never runs")
        })
    });
    assert_eq!(
        error_of(outcome),
        (Kind::Runtime, "This event loop is already running".to_owned())
    );
    assert!(dropped.get());
}

#[test]
fn test_run_until_complete() {
    let event_loop = real_loop();
    let before = event_loop.time();
    event_loop.run_until_complete(sleep(0.01)).unwrap();
    assert!(event_loop.time() - before >= 0.01);
}

#[test]
fn test_run_until_complete_stopped() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        running_loop().stop();
        sleep(0.1).await
    });
    assert_eq!(
        error_of(event_loop.run_until_complete(&task)),
        (Kind::Runtime, "Event loop stopped before Future completed.".to_owned())
    );
    assert_eq!(event_loop.iterations(), 1);
    // It goes on in the next run.
    event_loop.run_until_complete(&task).unwrap();
    assert_eq!(event_loop.time(), 0.1);
}

#[test]
fn test_close_running_event_loop() {
    let event_loop = virtual_loop();
    let inside = event_loop.clone();
    assert_eq!(
        error_of(event_loop.run_until_complete(async move { inside.close() })),
        (Kind::Runtime, "Cannot close a running event loop".to_owned())
    );
    assert!(!event_loop.is_closed());
}

/// What returns nothing that could be an error shows that it was refused: the handle is cancelled, the task has failed.
#[test]
fn test_close() {
    let event_loop = virtual_loop();
    let remote = event_loop.remote();
    event_loop.close().unwrap();

    assert_eq!(error_of(event_loop.run_forever()), closed());
    assert_eq!(
        error_of(event_loop.run_until_complete(event_loop.create_promise::<()>())),
        closed()
    );
    assert_eq!(error_of(event_loop.turn()), closed());
    assert_eq!(error_of(remote.call_soon(|| {})), closed());
    let task: Task<()> = event_loop.create_task(async { Ok(()) });
    assert_eq!(error_of(task.result()), closed());

    let refused: [fn(&EventLoop, DropFlag) -> bool; 3] = [
        |event_loop, flag| event_loop.call_soon(move || drop(flag)).cancelled(),
        |event_loop, flag| event_loop.call_later(1, move || drop(flag)).cancelled(),
        |event_loop, flag| event_loop.call_at(0, move || drop(flag)).cancelled(),
    ];
    for schedule in refused {
        let (dropped, flag) = DropFlag::new();
        assert!(schedule(&event_loop, flag));
        assert!(dropped.get());
    }
}

#[test]
fn test_get_event_loop_returns_running_loop() {
    let no_loop = (Kind::Runtime, "no running event loop".to_owned());
    let event_loop = virtual_loop();
    assert_eq!(error_of(try_running_loop()), no_loop);
    let inside = event_loop
        .run_until_complete(async { Ok((running_loop(), try_running_loop()?)) })
        .unwrap();
    assert_eq!(inside, (event_loop.clone(), event_loop));
    assert_eq!(error_of(try_running_loop()), no_loop);
}

// Callbacks.

#[test]
fn test_call_later() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let events = trace.clone();
    event_loop.call_later(0.1, move || {
        events.log_time("hello world");
        running_loop().stop();
    });
    event_loop.run_forever().unwrap();
    assert_eq!(trace.take(), ["0.1s hello world"]);
}

#[test]
fn test_call_soon() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (events, words) = (trace.clone(), ("hello", "world"));
    event_loop.call_soon(move || {
        events.log(format_args!("{} {}", words.0, words.1));
        running_loop().stop();
    });
    event_loop.run_forever().unwrap();
    assert_eq!(trace.take(), ["hello world"]);
    assert_eq!(event_loop.iterations(), 1);
}

/// A list of words that callbacks of any thread write; the last of them stops the loop.
#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<&'static str>>>);

impl Words {
    fn add(&self, word: &'static str) {
        let mut words = self.0.lock().expect("no panic");
        words.push(word);
        if words.len() == 2 {
            running_loop().stop();
        }
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

#[test]
fn test_call_soon_threadsafe() {
    let event_loop = virtual_loop();
    let words = Words::default();
    let (remote, theirs, ours) = (event_loop.remote(), words.clone(), words.clone());
    thread::spawn(move || remote.call_soon(move || theirs.add("hello")))
        .join()
        .unwrap()
        .unwrap();
    event_loop.call_soon(move || ours.add("world"));
    event_loop.run_forever().unwrap();
    assert_eq!(words.take(), ["hello", "world"]);
    assert_eq!(event_loop.iterations(), 1);
}

#[test]
fn test_call_soon_threadsafe_same_thread() {
    let event_loop = virtual_loop();
    let words = Words::default();
    let (first, second) = (words.clone(), words.clone());
    event_loop.remote().call_soon(move || first.add("hello")).unwrap();
    event_loop.call_soon(move || second.add("world"));
    event_loop.run_forever().unwrap();
    assert_eq!(words.take(), ["hello", "world"]);

    // Within a run, among tasks.
    let trace = Trace::new();
    let events = trace.clone();
    event_loop
        .run_until_complete(async move {
            let remote = running_loop().remote();
            let words = Words::default();
            let posted = words.clone();
            remote.call_soon(move || posted.add("callback"))?;
            let task = running_loop().create_task(async move { Ok(words.take()) });
            events.log(format_args!("{:?}", task.await?));
            Ok(())
        })
        .unwrap();
    assert_eq!(trace.take(), ["[\"callback\"]"]);
}

// Handles.

#[test]
fn test_handle() {
    let event_loop = virtual_loop();
    let handle = event_loop.call_soon(|| panic!("it was cancelled"));
    assert!(!handle.cancelled());
    handle.cancel();
    assert!(handle.cancelled());
    tick(&event_loop);
}

#[test]
fn test_callback_with_exception() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.call_soon(|| std::panic::panic_any("of the callback"));
    tick(&event_loop);
    let [report] = &reports.take()[..] else { panic!("one report") };
    assert_eq!(report.message, "Exception in callback");
    let error = report.error.as_ref().expect("its error");
    assert_eq!((error.kind(), error.message()), (Kind::Panic, "of the callback"));
}

/// What is left of it: a handle shows whether it was cancelled.
#[test]
fn test_handle_repr() {
    let event_loop = virtual_loop();
    let handle = event_loop.call_soon(|| {});
    assert_eq!(format!("{handle:?}"), "<Handle>");
    handle.cancel();
    assert_eq!(format!("{handle:?}"), "<Handle cancelled>");
}

#[test]
fn test_when() {
    let event_loop = virtual_loop();
    assert_eq!(event_loop.call_at(123.5, || {}).when(), 123.5);
    assert_eq!(event_loop.call_later(7, || {}).when(), 7.0);
}

#[test]
fn test_timer() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let handle = event_loop.call_at(5, move || drop(flag));
    assert!(!handle.cancelled() && !dropped.get());
    handle.cancel();
    assert!(handle.cancelled() && dropped.get());
    assert_eq!(handle.when(), 5.0);
}

#[test]
fn test_timer_repr() {
    let event_loop = virtual_loop();
    let handle = event_loop.call_at(123, || {});
    assert_eq!(format!("{handle:?}"), "<TimerHandle when=123.0>");
    handle.cancel();
    assert_eq!(format!("{handle:?}"), "<TimerHandle cancelled when=123.0>");
}

/// Handles are not compared; what their order decides is when they run.
#[test]
fn test_timer_comparison() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let at = |when: i32, name: &'static str| {
        let trace = trace.clone();
        event_loop.call_at(when, move || trace.log_time(name))
    };
    at(20, "the last");
    at(10, "the first of two");
    at(10, "the second of two");
    at(10, "cancelled").cancel();
    at(5, "the earliest");
    event_loop.run_until_complete(sleep(20)).unwrap();
    assert_eq!(
        trace.take(),
        [
            "5s the earliest",
            "10s the first of two",
            "10s the second of two",
            "20s the last"
        ]
    );
}

#[test]
fn test_timeout_rounding() {
    async fn wait() -> Result<()> {
        for delay in [1e-2, 1e-4, 1e-6, 1e-8, 1e-10] {
            sleep(delay).await?;
        }
        Ok(())
    }
    let event_loop = virtual_loop();
    event_loop.run_until_complete(wait()).unwrap();
    assert_eq!(event_loop.iterations(), 12);
    // The system may wake a loop a little early, which costs an iteration more.
    let event_loop = real_loop();
    event_loop.run_until_complete(wait()).unwrap();
    assert!((12..=20).contains(&event_loop.iterations()), "{}", event_loop.iterations());
}

// Descriptors.

#[test]
fn test_reader_callback() {
    let event_loop = virtual_loop();
    let (mut reader, writer) = sockets();
    let descriptor = reader.as_raw_fd();
    let received: Rc<RefCell<Vec<u8>>> = Rc::default();
    let (bytes, remover) = (received.clone(), event_loop.clone());
    let read = move || {
        let mut buffer = [0; 1024];
        match reader.read(&mut buffer) {
            Ok(0) => assert!(remover.remove_reader(&descriptor)),
            Ok(length) => bytes.borrow_mut().extend(&buffer[..length]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    };
    event_loop.add_reader(&descriptor, read).unwrap();
    for (data, expected) in [("abc", "abc"), ("def", "abcdef")] {
        (&writer).write_all(data.as_bytes()).unwrap();
        tick(&event_loop);
        assert_eq!(*received.borrow(), expected.as_bytes());
    }
    // Nothing is there to be read: it is not called.
    assert_eq!(event_loop.turn().unwrap(), Turn::Io);
    // Not only dropped: a process that another test is about to begin has a copy of it for a moment, and until then the stream has no end.
    writer.shutdown(Shutdown::Write).unwrap();
    tick(&event_loop);
    assert!(!event_loop.remove_reader(&descriptor), "the end of the stream has removed it");
    assert_eq!(*received.borrow(), b"abcdef");
}

#[test]
fn test_writer_callback() {
    let event_loop = virtual_loop();
    let (reader, writer) = sockets();
    let descriptor = writer.as_raw_fd();
    let data = vec![b'x'; 1024];
    let (sent, stopper) = (data.clone(), event_loop.clone());
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let write = move || {
        count.set(count.get() + 1);
        (&writer).write_all(&sent).unwrap();
        stopper.stop();
    };
    event_loop.add_writer(&descriptor, write).unwrap();
    event_loop.run_forever().unwrap();
    assert_eq!((calls.get(), event_loop.iterations()), (1, 1));
    assert!(event_loop.remove_writer(&descriptor));
    assert!(!event_loop.remove_writer(&descriptor));

    // The callback owned the writing end, which has gone with it.
    let mut received = Vec::new();
    (&reader).read_to_end(&mut received).unwrap();
    assert_eq!(received, data);
}

#[test]
fn test_remove_fds_after_closing() {
    let event_loop = virtual_loop();
    let (reader, writer) = sockets();
    let (dropped, flag) = DropFlag::new();
    event_loop.add_reader(&reader, move || _ = &flag).unwrap();
    event_loop.add_writer(&writer, || {}).unwrap();
    event_loop.close().unwrap();
    assert!(dropped.get());
    assert!(!event_loop.remove_reader(&reader));
    assert!(!event_loop.remove_writer(&writer));
}

#[test]
fn test_add_fds_after_closing() {
    let event_loop = virtual_loop();
    let (reader, writer) = sockets();
    event_loop.close().unwrap();
    assert_eq!(error_of(event_loop.add_reader(&reader, || {})), closed());
    assert_eq!(error_of(event_loop.add_writer(&writer, || {})), closed());
}

/// A loop has two descriptors of its own, for what it waits on and for being woken. They go with its last handle.
#[test]
fn test_internal_fds() {
    let open = || fs::read_dir("/proc/self/fd").map(Iterator::count);
    in_child(concat!(module_path!(), "::test_internal_fds"), &[], || {
        // Systems without this folder have no cheap way to tell.
        let Ok(before) = open() else { return };
        let event_loop = virtual_loop();
        assert_eq!(open().unwrap(), before + 2);
        event_loop.close().unwrap();
        drop(event_loop);
        assert_eq!(open().unwrap(), before);
    });
}

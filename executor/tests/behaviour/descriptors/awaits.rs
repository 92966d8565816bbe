//! Awaits of any descriptor.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use kolo_executor::testing::run;
use kolo_executor::{EventLoop, Kind, Result, create_task, gather, readable, running_loop, sleep, timeout, writable};

use super::{pair, send, take};
use crate::support::outcome::{error_of, kind_of};
use crate::support::outside::{Bell, poll_outside};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, ticks, traced, virtual_loop};

#[test]
fn it_goes_on_two_iterations_after_the_descriptor_is_ready() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        let (log, source) = (trace.clone(), ours.try_clone()?);
        let reader = create_task(async move {
            readable(&source).await?;
            log.log_iteration("read");
            take(&source);
            writable(&source).await?;
            log.log_iteration("written");
            Ok(())
        });
        for _ in 0..5 {
            sleep(0).await?;
        }
        trace.log_iteration("sent");
        send(&theirs);
        reader.await
    });
    // As with asyncio's `sock_recv`: the reader is called, which completes a promise, and that wakes the task.
    assert_eq!(events, ["+5 sent", "+7 read", "+9 written"]);
}

#[test]
fn bytes_go_through_a_loop_of_awaits() {
    const LENGTH: usize = 1_000_000;
    let received = run(async {
        let (ours, theirs) = pair();
        let sender = create_task(async move {
            let (bytes, mut sent) = (vec![7; LENGTH], 0);
            while sent < LENGTH {
                writable(&theirs).await?;
                sent += (&theirs).write(&bytes[sent..])?;
            }
            Ok(())
        });
        let mut received = 0;
        let mut buffer = vec![0; 65536];
        loop {
            readable(&ours).await?;
            match (&ours).read(&mut buffer)? {
                0 => break,
                length => received += length,
            }
        }
        sender.await?;
        Ok(received)
    });
    assert_eq!(received.unwrap(), LENGTH);
}

#[test]
fn another_process_or_thread_is_waited_for() {
    in_loop(async {
        let (ours, theirs) = pair();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            send(&theirs);
            theirs
        });
        readable(&ours).await?;
        take(&ours);
        drop(thread.join());
        // The other end is closed: that is to be read too.
        readable(&ours).await?;
        assert_eq!((&ours).read(&mut [0])?, 0);
        Ok(())
    });
}

#[test]
fn one_that_is_cancelled_or_dropped_watches_nothing_and_reports_nothing() {
    let reports = run(async {
        let reports = Reports::of(&running_loop());
        let (ours, theirs) = pair();
        assert_eq!(kind_of(timeout(0.01, readable(&ours)).await), Kind::Timeout);
        assert!(!running_loop().remove_reader(&ours));
        // Dropped while the task goes on with something else.
        let iterations = running_loop().iterations();
        {
            let mut wait = readable(&ours);
            let bell = Bell::new();
            assert!(poll_outside(&mut wait, &bell).is_pending());
            drop(wait);
            assert_eq!(bell.rings(), 0, "nobody is woken by it");
        }
        assert!(!running_loop().remove_reader(&ours));
        sleep(0).await?;
        assert_eq!(running_loop().iterations(), iterations + 1);
        // And nothing was read.
        send(&theirs);
        readable(&ours).await?;
        take(&ours);
        Ok(reports)
    });
    assert!(reports.unwrap().messages().is_empty());
}

#[test]
fn a_descriptor_has_one_reader() {
    in_loop(async {
        let (ours, theirs) = pair();
        running_loop().add_reader(&ours, || {})?;
        let (kind, message) = error_of(readable(&ours).await);
        assert_eq!(kind, Kind::Runtime);
        assert!(message.starts_with("readable: descriptor "), "{message}");
        assert!(message.contains(" has a reader already; end that first"), "{message}");
        assert!(running_loop().remove_reader(&ours), "which is still the one of before");
        // Of two awaits the first one waits on; reading and writing do not stand in each other's way.
        send(&theirs);
        let ours = Rc::new(ours);
        let (again, written) = (ours.clone(), ours.clone());
        let outcomes = gather([
            create_task(async move { readable(&*ours).await }),
            create_task(async move { readable(&*again).await }),
            create_task(async move { writable(&*written).await }),
        ])
        .return_exceptions()
        .await?;
        let kinds: Vec<Option<Kind>> = outcomes
            .into_iter()
            .map(|outcome| outcome.err().map(|error| error.kind()))
            .collect();
        assert_eq!(kinds, [None, Some(Kind::Runtime), None]);
        Ok(())
    });
}

#[test]
fn one_whose_place_is_taken_fails() {
    in_loop(async {
        for replace in [true, false] {
            let (ours, _theirs) = pair();
            let ours = Rc::new(ours);
            let source = ours.clone();
            let reader = create_task(async move { readable(&*source).await });
            sleep(0).await?;
            match replace {
                true => running_loop().add_reader(&*ours, || {})?,
                false => assert!(running_loop().remove_reader(&*ours)),
            }
            let (kind, message) = error_of(reader.await);
            assert_eq!(kind, Kind::Runtime);
            let why = "is not watched any more: another callback was added in its place, or this one removed";
            assert!(
                message.starts_with("readable: descriptor ") && message.ends_with(why),
                "{message}"
            );
            assert_eq!(running_loop().remove_reader(&*ours), replace, "that one stays");
        }
        Ok(())
    });
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let file = File::open(std::env::current_exe()?)?;
        let (kind, message) = error_of(readable(&file).await);
        assert_eq!(kind, Kind::Io);
        assert!(message.starts_with("readable: descriptor "), "{message}");
        assert!(reports.messages().is_empty(), "one error is enough");
        Ok(())
    });
}

#[test]
fn without_a_running_loop_it_is_an_error() {
    let (ours, _theirs) = pair();
    let outcome = poll_outside(&mut readable(&ours), &Bell::new());
    let Poll::Ready(outcome) = outcome else {
        panic!("it waits for no loop")
    };
    assert_eq!(error_of(outcome), (Kind::Runtime, "no running event loop".to_owned()));
}

/// A wait that has begun in the loop, without a task, and is kept outside of it.
fn begun(event_loop: &EventLoop, end: UnixStream, bell: &Arc<Bell>) -> Pin<Box<dyn Future<Output = Result<()>>>> {
    let bell = bell.clone();
    let begin = async move {
        let mut wait: Pin<Box<dyn Future<Output = _>>> = Box::pin(async move { readable(&end).await });
        assert!(poll_outside(&mut wait, &bell).is_pending());
        Ok(wait)
    };
    event_loop.run_until_complete(begin).unwrap()
}

#[test]
fn whatever_polls_it_is_woken() {
    let event_loop = virtual_loop();
    let (ours, theirs) = pair();
    let bell = Bell::new();
    let mut wait = begun(&event_loop, ours, &bell);
    ticks(&event_loop, 2);
    assert_eq!(bell.rings(), 0);
    send(&theirs);
    ticks(&event_loop, 2);
    assert_eq!(bell.rings(), 1);
    assert!(matches!(poll_outside(&mut wait, &bell), Poll::Ready(Ok(()))));
}

#[test]
fn a_loop_that_closes_ends_the_waits_of_others() {
    let event_loop = virtual_loop();
    let (ours, _theirs) = pair();
    let bell = Bell::new();
    let mut wait = begun(&event_loop, ours, &bell);
    event_loop.close().unwrap();
    let outcome = poll_outside(&mut wait, &bell);
    assert!(matches!(outcome, Poll::Ready(Err(error)) if error.kind() == Kind::Runtime));
}

/// What can be waited for: whatever has a descriptor.
#[test]
fn references_and_shared_descriptors_are_taken() {
    fn takes(descriptor: &(impl AsFd + ?Sized)) -> impl Future<Output = Result<()>> {
        writable(descriptor)
    }
    in_loop(async {
        let (ours, theirs) = pair();
        takes(&ours).await?;
        takes(&Rc::new(ours)).await?;
        let theirs: Box<dyn AsFd> = Box::new(theirs);
        takes(&*theirs).await
    });
}

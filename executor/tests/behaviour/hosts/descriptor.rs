//! The loop's descriptor: it can be read from when a turn is due, and not for longer.

use std::cell::Cell;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use kolo_executor::{Clock, EventLoop, Turn, readable, sleep};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{elsewhere, parked, settle};
use crate::descriptors::{pair, send, take};
use crate::support::child::in_child;
use crate::support::runs::virtual_loop;

/// Waits for the descriptor, for so long at the most; whether it can be read from.
fn wait(descriptor: BorrowedFd<'_>, timeout: Option<Duration>) -> bool {
    let timeout = timeout.map(|timeout| Timespec::try_from(timeout).expect("a time of this century"));
    let mut descriptors = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    poll(&mut descriptors, timeout.as_ref()).expect("poll(2)") > 0
}

fn is_due(event_loop: &EventLoop) -> bool {
    wait(event_loop.as_fd(), Some(Duration::ZERO))
}

#[test]
fn it_tells_of_another_threads_wake_up_until_the_next_turn() {
    let event_loop = virtual_loop();
    let (_task, waker) = parked(&event_loop);
    for _ in 0..3 {
        assert!(!is_due(&event_loop));
        let waker = waker.clone();
        elsewhere(move || (0..10).for_each(|_| waker.wake_by_ref()));
        assert!(is_due(&event_loop));
        assert_eq!(settle(&event_loop), Turn::Io);
    }
    assert!(!is_due(&event_loop));
}

#[test]
fn it_tells_of_what_came_before_the_first_turn() {
    let event_loop = virtual_loop();
    assert!(!is_due(&event_loop));
    let remote = event_loop.remote();
    elsewhere(move || remote.call_soon(|| {}).unwrap());
    assert!(is_due(&event_loop));
    settle(&event_loop);
    assert!(!is_due(&event_loop));
}

#[test]
fn it_tells_of_a_waker_in_the_loops_own_thread() {
    let event_loop = virtual_loop();
    let (_task, waker) = parked(&event_loop);
    waker.wake_by_ref();
    assert!(is_due(&event_loop));
    settle(&event_loop);
    assert!(!is_due(&event_loop));
}

#[test]
fn what_comes_in_the_middle_of_a_turn_is_due_at_once() {
    let event_loop = virtual_loop();
    let remote = event_loop.remote();
    event_loop.call_soon(move || elsewhere(move || remote.call_soon(|| {}).unwrap()));
    assert_eq!(event_loop.turn().unwrap(), Turn::Now);
    assert!(is_due(&event_loop), "for whoever waits all the same");
    assert_eq!(settle(&event_loop), Turn::Done);
    assert!(!is_due(&event_loop));
}

#[test]
fn it_tells_that_the_last_handle_has_gone() {
    let event_loop = virtual_loop();
    let remote = event_loop.remote();
    let clone = remote.clone();
    assert_eq!(settle(&event_loop), Turn::Io);
    elsewhere(|| drop(remote));
    assert!(!is_due(&event_loop), "one is left");
    elsewhere(|| drop(clone));
    assert!(is_due(&event_loop));
    assert_eq!(settle(&event_loop), Turn::Done);
    assert!(!is_due(&event_loop));
}

#[test]
fn what_is_left_over_by_a_run_is_due() {
    let event_loop = virtual_loop();
    assert!(!is_due(&event_loop));
    let (remote, stopper) = (event_loop.remote(), event_loop.clone());
    event_loop.call_soon(move || {
        elsewhere(move || remote.call_soon(|| {}).unwrap());
        stopper.stop();
    });
    event_loop.run_forever().unwrap();
    assert!(is_due(&event_loop));
    settle(&event_loop);
    assert!(!is_due(&event_loop));
}

#[test]
fn it_tells_of_a_watched_descriptor_for_as_long_as_that_is_ready() {
    let event_loop = virtual_loop();
    let (ours, theirs) = pair();
    let calls = Rc::new(Cell::new(0));
    let (counter, source) = (calls.clone(), ours.try_clone().unwrap());
    let reader = event_loop.watch_reader(&ours, move || {
        counter.set(counter.get() + 1);
        // Not at the first call.
        if counter.get() == 2 {
            take(&source);
        }
    });
    assert_eq!(settle(&event_loop), Turn::Io);
    assert!(!is_due(&event_loop));
    send(&theirs);
    for call in 1..=2 {
        assert!(is_due(&event_loop));
        assert_eq!((event_loop.turn().unwrap(), calls.get()), (Turn::Io, call));
    }
    assert!(!is_due(&event_loop), "nothing is left to be read");
    send(&theirs);
    assert!(is_due(&event_loop));
    drop(reader.unwrap());
    assert!(!is_due(&event_loop), "nobody wants to know");
}

#[test]
fn a_descriptor_that_is_waited_for_once_is_due_once() {
    let event_loop = virtual_loop();
    let (ours, theirs) = pair();
    let task = event_loop.create_task(async move { readable(&ours).await });
    assert_eq!(settle(&event_loop), Turn::Io);
    assert!(!is_due(&event_loop));
    send(&theirs);
    assert!(is_due(&event_loop));
    assert_eq!(settle(&event_loop), Turn::Done);
    assert!(task.done() && !is_due(&event_loop));
}

#[test]
fn a_program_that_waits_takes_few_turns() {
    const WAKES: usize = 50;
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let (acknowledge, acknowledged) = mpsc::channel();
    let there = event_loop.remote_ref((acknowledge, Cell::new(0)));
    let thread = thread::spawn(move || {
        for _ in 0..WAKES {
            there.call(|(acknowledge, calls)| {
                calls.set(calls.get() + 1);
                acknowledge.send(()).unwrap();
            })?;
            // One after the other: the loop has nothing to do in between.
            acknowledged.recv()?;
        }
        Ok::<_, kolo_executor::Error>(())
    });
    let sleeps = event_loop.create_task(async {
        for _ in 0..3 {
            sleep(0.01).await?;
        }
        Ok(())
    });
    let mut turns = 0;
    loop {
        let turn = event_loop.turn().unwrap();
        turns += 1;
        if turn == Turn::Done {
            break;
        }
        wait(event_loop.as_fd(), turn.timeout(&event_loop));
    }
    thread.join().unwrap().unwrap();
    assert!(sleeps.done());
    // For each call a turn, and one for a nudge that came late; for each sleep one that begins it and one that ends it; for the last reference
    // one or two. A program that does not really wait takes thousands.
    let at_most = 2 * WAKES + 2 * 3 + 10;
    assert!(turns <= at_most, "{turns} turns, more than {at_most}");
}

#[test]
fn descriptors_are_made_only_when_they_are_asked_for() {
    let name = concat!(module_path!(), "::descriptors_are_made_only_when_they_are_asked_for");
    in_child(name, &[], || {
        let open = || fs::read_dir("/dev/fd").unwrap().count();
        let before = open();
        let event_loop = virtual_loop();
        let of_a_loop = open() - before;
        assert!(of_a_loop <= 3, "{of_a_loop} descriptors");
        let number = event_loop.as_raw_fd();
        assert_eq!(open() - before, of_a_loop);
        let borrowed = event_loop.as_fd().as_raw_fd();
        assert_ne!(number, borrowed);
        assert_eq!(event_loop.as_fd().as_raw_fd(), borrowed);
        assert_eq!(open() - before, of_a_loop + 1, "one, and once");
        drop(event_loop);
        assert_eq!(open(), before);
    });
}

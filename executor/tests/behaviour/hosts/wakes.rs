//! The callback for a program whose own main loop is woken by a function.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use kolo_executor::{Clock, EventLoop, Turn, sleep};

use super::{elsewhere, parked, settle};
use crate::support::runs::virtual_loop;

/// How often the loop has told of a wake-up.
#[derive(Clone, Default)]
struct Wakes(Arc<AtomicUsize>);

impl Wakes {
    fn of(event_loop: &EventLoop) -> Wakes {
        let wakes = Wakes::default();
        let count = wakes.0.clone();
        event_loop.on_wake(Some(Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })));
        wakes
    }

    /// Since the last time.
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

#[test]
fn it_is_called_once_until_the_next_turn() {
    let event_loop = virtual_loop();
    let (_task, waker) = parked(&event_loop);
    let wakes = Wakes::of(&event_loop);
    for _ in 0..3 {
        assert_eq!(wakes.take(), 0);
        let (waker, remote) = (waker.clone(), event_loop.remote());
        elsewhere(move || {
            (0..10).for_each(|_| waker.wake_by_ref());
            remote.call_soon(|| {}).unwrap();
        });
        assert_eq!(wakes.take(), 1);
        assert_eq!(settle(&event_loop), Turn::Io);
    }
    // In whichever thread.
    waker.wake_by_ref();
    assert_eq!(wakes.take(), 1);
}

#[test]
fn it_is_called_for_what_came_before_the_first_turn() {
    let event_loop = virtual_loop();
    let wakes = Wakes::of(&event_loop);
    let remote = event_loop.remote();
    elsewhere(move || remote.call_soon(|| {}).unwrap());
    assert_eq!(wakes.take(), 1);
}

#[test]
fn there_is_one_and_it_ends_with_the_loop() {
    let event_loop = virtual_loop();
    let (_task, waker) = parked(&event_loop);
    let first = Wakes::of(&event_loop);
    let second = Wakes::of(&event_loop);
    assert_eq!((Arc::strong_count(&first.0), Arc::strong_count(&second.0)), (1, 2));
    waker.wake_by_ref();
    settle(&event_loop);
    assert_eq!((first.take(), second.take()), (0, 1));
    event_loop.on_wake(None);
    waker.wake_by_ref();
    settle(&event_loop);
    assert_eq!((Arc::strong_count(&second.0), second.take()), (1, 0));
    let third = Wakes::of(&event_loop);
    let remote = event_loop.remote();
    event_loop.close().unwrap();
    assert_eq!(Arc::strong_count(&third.0), 1, "whoever still holds a handle of the loop");
    let late = Wakes::of(&event_loop);
    assert_eq!(Arc::strong_count(&late.0), 1);
    drop(remote);
}

#[test]
fn a_panic_of_it_does_not_reach_whoever_wakes() {
    let event_loop = virtual_loop();
    let (_task, waker) = parked(&event_loop);
    event_loop.on_wake(Some(Arc::new(|| panic!("the window is gone"))));
    elsewhere(move || waker.wake());
    assert_eq!(settle(&event_loop), Turn::Io);
}

#[test]
fn a_program_that_is_woken_takes_few_turns() {
    const CALLS: usize = 50;
    /// What the program's own main loop is told.
    enum Message {
        Kolo,
        Key(usize),
    }
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let (sends, messages) = mpsc::channel();
    let wakes = sends.clone();
    event_loop.on_wake(Some(Arc::new(move || drop(wakes.send(Message::Kolo)))));
    let (acknowledge, acknowledged) = mpsc::channel();
    let there = event_loop.remote_ref(acknowledge);
    let thread = thread::spawn(move || {
        for number in 0..CALLS {
            there.call(|acknowledge| acknowledge.send(()))?;
            acknowledged.recv()?;
            sends.send(Message::Key(number)).unwrap();
        }
        Ok::<_, kolo_executor::Error>(())
    });
    let sleeps = event_loop.create_task(sleep(0.01));
    let (mut turns, mut keys) = (0, Vec::new());
    loop {
        let turn = event_loop.turn().unwrap();
        turns += 1;
        if turn == Turn::Done {
            break;
        }
        let message = match turn.timeout(&event_loop) {
            Some(Duration::ZERO) => messages.try_recv().ok(),
            Some(timeout) => messages.recv_timeout(timeout).ok(),
            None => messages.recv().ok(),
        };
        if let Some(Message::Key(number)) = message {
            keys.push(number);
        }
    }
    thread.join().unwrap().unwrap();
    assert!(sleeps.done());
    keys.extend(messages.try_iter().filter_map(|message| match message {
        Message::Key(number) => Some(number),
        Message::Kolo => None,
    }));
    assert_eq!(keys, (0..CALLS).collect::<Vec<_>>());
    // A turn for each message, of which there are two for a call.
    let at_most = 3 * CALLS + 10;
    assert!(turns <= at_most, "{turns} turns, more than {at_most}");
}

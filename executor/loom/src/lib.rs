//! The inbox of kolo's loop under loom, which runs a model in every order in which its threads can meet, and lets every atomic load be
//! as late as the memory model allows. A wait that never ends in any of them fails the model.
//!
//! The queue is the executor's own file. The loop around it is written anew, reduced to its wait: see `Core::wait_for_events`.
#![cfg(test)]

#[allow(dead_code, reason = "the models need a part of it")]
#[path = "../../src/ground/mailbox.rs"]
mod mailbox;

#[allow(dead_code, reason = "the models need a part of it")]
#[path = "../../src/ground/tally.rs"]
mod tally;

mod ground {
    pub(crate) use crate::tally;
}

use loom::sync::atomic::Ordering;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use mailbox::{Mailbox, Nudge};

/// The loop's wait for events: a nudge ends it, and one that comes before the wait ends the next.
#[derive(Default)]
struct Events {
    nudged: Mutex<bool>,
    some: Condvar,
}

impl Events {
    fn wait(&self) {
        let mut nudged = self.nudged.lock().unwrap();
        while !*nudged {
            nudged = self.some.wait(nudged).unwrap();
        }
        *nudged = false;
    }
}

struct Bell(Arc<Events>);

impl Nudge for Bell {
    fn nudge(&self) {
        *self.0.nudged.lock().unwrap() = true;
        self.0.some.notify_one();
    }
}

type Letter = (&'static str, u32);
type Inbox = Mailbox<Letter, Bell>;

fn inbox() -> (Arc<Inbox>, Arc<Events>) {
    let events = Arc::new(Events::default());
    (Arc::new(Mailbox::new(Bell(events.clone()))), events)
}

/// A thread that posts so many letters.
fn sender(inbox: &Arc<Inbox>, name: &'static str, letters: u32) -> thread::JoinHandle<Vec<Letter>> {
    let inbox = inbox.clone();
    thread::spawn(move || (0..letters).filter_map(|number| inbox.post((name, number)).err()).collect())
}

/// The loop's look at the flag.
fn is_full(inbox: &Inbox) -> bool {
    inbox.flag().load(Ordering::Relaxed)
}

/// What the loop does when it has nothing to run, as often as it takes to get so many letters.
fn receive(inbox: &Inbox, events: &Events, letters: usize) -> Vec<Letter> {
    let mut received = Vec::new();
    while received.len() < letters {
        if is_full(inbox) {
            received.extend(inbox.collect());
            continue;
        }
        if inbox.fall_asleep() {
            events.wait();
            inbox.wake_up();
        }
        // Whatever kept it from sleeping, or woke it, can be seen now: the loop does not turn in vain.
        assert!(is_full(inbox));
    }
    received
}

/// The letters of one sender, in the order in which they came.
fn of(sender: &str, letters: &[Letter]) -> Vec<u32> {
    letters
        .iter()
        .filter(|(name, _)| *name == sender)
        .map(|(_, number)| *number)
        .collect()
}

#[test]
fn no_wake_up_is_lost() {
    loom::model(|| {
        let (inbox, events) = inbox();
        let senders = [sender(&inbox, "a", 1), sender(&inbox, "b", 1)];
        let received = receive(&inbox, &events, 2);
        assert_eq!((of("a", &received), of("b", &received)), (vec![0], vec![0]));
        for sender in senders {
            assert!(sender.join().unwrap().is_empty());
        }
        assert!(!inbox.has_letters());
    });
}

#[test]
fn letters_come_in_order() {
    loom::model(|| {
        let (inbox, events) = inbox();
        let sender = sender(&inbox, "a", 3);
        assert_eq!(of("a", &receive(&inbox, &events, 3)), [0, 1, 2]);
        sender.join().unwrap();
    });
}

#[test]
fn no_wake_up_is_lost_after_a_timer_has_ended_a_sleep() {
    loom::model(|| {
        let (inbox, events) = inbox();
        let sender = sender(&inbox, "a", 2);
        // The first wait ends by itself.
        if inbox.fall_asleep() {
            inbox.wake_up();
        }
        // A nudge that was on its way all the same may end the next wait in vain, and no more.
        let mut received = inbox.collect();
        while received.len() < 2 {
            if inbox.fall_asleep() {
                events.wait();
                inbox.wake_up();
            }
            received.extend(inbox.collect());
        }
        assert_eq!(of("a", &received), [0, 1]);
        sender.join().unwrap();
    });
}

/// What a program does that waits in the loop's stead, until it has so many letters: it takes a turn when it is nudged.
fn take_turns(inbox: &Inbox, events: &Events, letters: usize) -> Vec<Letter> {
    let mut received = Vec::new();
    loop {
        inbox.wake_up();
        // A turn looks once, as every iteration does.
        if is_full(inbox) {
            received.extend(inbox.collect());
        }
        inbox.rest();
        if received.len() >= letters {
            return received;
        }
        events.wait();
    }
}

#[test]
fn no_wake_up_is_lost_between_two_turns() {
    loom::model(|| {
        let (inbox, events) = inbox();
        inbox.rest();
        let senders = [sender(&inbox, "a", 1), sender(&inbox, "b", 1)];
        let received = take_turns(&inbox, &events, 2);
        assert_eq!((of("a", &received), of("b", &received)), (vec![0], vec![0]));
        for sender in senders {
            assert!(sender.join().unwrap().is_empty());
        }
        assert!(!inbox.has_letters());
    });
}

#[test]
fn what_came_before_the_loop_rests_nudges_all_the_same() {
    loom::model(|| {
        let (inbox, events) = inbox();
        // Nobody is asleep: it is not nudged for.
        let sender = sender(&inbox, "a", 1);
        inbox.rest();
        events.wait();
        assert_eq!(of("a", &take_turns(&inbox, &events, 1)), [0]);
        sender.join().unwrap();
    });
}

#[test]
fn no_letter_is_lost_when_the_loop_closes() {
    loom::model(|| {
        let (inbox, _events) = inbox();
        let sender = sender(&inbox, "a", 2);
        let mut read = inbox.collect();
        read.extend(inbox.close());
        let returned = sender.join().unwrap();
        // Each was read by the loop or came back to its sender, in this order: none after one that came back.
        assert_eq!([of("a", &read), of("a", &returned)].concat(), [0, 1]);
        assert!(!inbox.has_letters());
    });
}

#[test]
fn the_loop_sleeps_no_longer_than_there_are_senders() {
    loom::model(|| {
        let (inbox, events) = inbox();
        inbox.add_sender();
        let theirs = inbox.clone();
        let sender = thread::spawn(move || {
            theirs.post(("a", 0)).unwrap();
            theirs.remove_sender();
        });
        // How the loop proves that nobody can wake it any more, before each of its waits: see `Core::may_be_woken_from_outside`.
        let mut received = Vec::new();
        while inbox.may_bring_something() {
            if inbox.fall_asleep() {
                events.wait();
                inbox.wake_up();
            }
            received.extend(inbox.collect());
        }
        // Not before it has every letter.
        assert_eq!(of("a", &received), [0]);
        sender.join().unwrap();
    });
}

#[test]
fn the_last_sender_that_goes_between_two_turns_is_told_of() {
    loom::model(|| {
        let (inbox, events) = inbox();
        inbox.add_sender();
        let theirs = inbox.clone();
        let sender = thread::spawn(move || theirs.remove_sender());
        // A program that takes turns until it is told that nothing can come any more.
        loop {
            inbox.wake_up();
            let may_come = inbox.may_bring_something();
            inbox.rest();
            if !may_come {
                break;
            }
            events.wait();
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_letter_that_says_nothing_new_is_seen_all_the_same() {
    loom::model(|| {
        let (inbox, events) = inbox();
        let senders = ["a", "b"].map(|name| {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.post_once(7, (name, 0)).unwrap())
        });
        // Whoever was first: the loop wakes up, and after the second sender there is a letter that it has not read before, or none was needed.
        let mut received = receive(&inbox, &events, 1);
        senders.map(|sender| sender.join().unwrap());
        received.extend(inbox.collect());
        assert!(matches!(received.len(), 1 | 2), "{received:?}");
        assert!(!inbox.has_letters());
    });
}

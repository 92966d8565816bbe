//! How many letters it takes to wake tasks from other threads.

use std::sync::Arc;

use super::{Letter, count, register, unregister, wake};
use crate::ground::mailbox::{Mailbox, Nudge};
use crate::ground::ticket::Ticket;

struct Nobody;

impl Nudge for Nobody {
    fn nudge(&self) {}
}

#[test]
fn many_wakes_of_a_task_make_one_letter() {
    let inbox = Arc::new(Mailbox::new(Nobody));
    let registered = register(inbox.clone()).unwrap();
    let loop_id = registered.id;
    let tickets = [2, 1].map(|row| Ticket::new(loop_id, 0, row));
    let read = || -> Vec<u32> {
        let rows = inbox.collect().into_iter().map(|letter| match letter {
            Letter::Wake(ticket) => ticket.row(),
            Letter::Call(_) => 0,
        });
        rows.collect()
    };
    (0..1_000).for_each(|_| tickets.into_iter().for_each(wake));
    assert!(inbox.post(Letter::Call(Box::new(|| {}))).is_ok());
    tickets.into_iter().rev().for_each(wake);
    assert_eq!(read(), [2, 1, 0]);
    // Once they are read it takes a new one.
    wake(tickets[1]);
    assert_eq!(read(), [1]);
    unregister(loop_id, registered.copies);
}

#[test]
fn copies_that_outlive_their_loop_are_counted_until_they_are_gone() {
    let inbox = Arc::new(Mailbox::new(Nobody));
    let registered = register(inbox.clone()).unwrap();
    let ticket = Ticket::new(registered.id, 0, 1);
    let left = || super::with_loops(|loops| loops.copies.contains_key(&ticket.loop_id()));
    // Two that the loop knows of, one that another thread has made, and a fourth that one has dropped.
    let mut copies = registered.copies;
    copies.add(ticket.word(), 3);
    count(ticket, 1);
    assert!(inbox.has_letters());
    count(ticket, -1);
    assert!(!inbox.has_letters());
    count(ticket, -1);
    unregister(registered.id, copies);
    for _ in 0..2 {
        assert!(left());
        count(ticket, -1);
    }
    assert!(!left());
}

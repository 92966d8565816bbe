//! How many letters it takes to wake tasks from other threads.

use std::sync::Arc;

use super::{Letter, post, register, unregister};
use crate::ground::mailbox::{Mailbox, Nudge};
use crate::ground::ticket::Ticket;

struct Nobody;

impl Nudge for Nobody {
    fn nudge(&self) {}
}

#[test]
fn many_wakes_of_a_task_make_one_letter() {
    let inbox = Arc::new(Mailbox::new(Nobody));
    let loop_id = register(inbox.clone()).unwrap().id;
    let tickets = [2, 1].map(|row| Ticket::new(loop_id, 0, row));
    let wake = |ticket| post(ticket, Letter::Wake(ticket));
    let read = || -> Vec<u32> {
        let rows = inbox.collect().into_iter().map(|letter| match letter {
            Letter::Wake(ticket) => ticket.row(),
            Letter::Shared(ticket) => 10 * ticket.row(),
            Letter::Call(_) => 0,
        });
        rows.collect()
    };
    (0..1_000).for_each(|_| tickets.into_iter().for_each(wake));
    (0..1_000).for_each(|_| post(tickets[0], Letter::Shared(tickets[0])));
    assert!(inbox.post(Letter::Call(Box::new(|| {}))).is_ok());
    tickets.into_iter().rev().for_each(wake);
    assert_eq!(read(), [2, 1, 20, 0]);
    // Once they are read it takes a new one.
    wake(tickets[1]);
    assert_eq!(read(), [1]);
    unregister(loop_id);
}

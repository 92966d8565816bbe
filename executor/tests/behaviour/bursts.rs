//! More entries in the ready queue than one list of it holds: their order, who belongs to which iteration, and what an interruption leaves.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use kolo_executor::testing::tick;
use kolo_executor::{Error, EventLoop, Kind, sleep};

use crate::support::lives::Living;
use crate::support::runs::virtual_loop;

/// Two lists and a part of a third.
const MANY: u32 = 150_000;

/// The numbers of callbacks, in the order in which they were called.
type Calls = Rc<RefCell<Vec<u32>>>;

fn call_soon(event_loop: &EventLoop, calls: &Calls, numbers: Range<u32>) {
    for number in numbers {
        let calls = calls.clone();
        event_loop.call_soon(move || calls.borrow_mut().push(number));
    }
}

#[test]
fn a_burst_runs_in_order_and_in_one_iteration() {
    let event_loop = virtual_loop();
    let calls = Calls::default();
    call_soon(&event_loop, &calls, 0..MANY);
    tick(&event_loop);
    assert!(calls.borrow().iter().copied().eq(0..MANY));
    tick(&event_loop);
    assert_eq!(calls.take().len(), MANY as usize);
    // Exactly as many as fill a list.
    call_soon(&event_loop, &calls, 0..1 << 16);
    tick(&event_loop);
    assert!(calls.take().into_iter().eq(0..1 << 16));
}

#[test]
fn what_a_burst_adds_runs_in_the_next_iteration() {
    let event_loop = virtual_loop();
    let calls = Calls::default();
    for number in 0..MANY {
        let (again, calls) = (event_loop.clone(), calls.clone());
        event_loop.call_soon(move || {
            calls.borrow_mut().push(number);
            let calls = calls.clone();
            again.call_soon(move || calls.borrow_mut().push(MANY + number));
        });
    }
    tick(&event_loop);
    assert!(calls.take().into_iter().eq(0..MANY));
    tick(&event_loop);
    assert!(calls.take().into_iter().eq(MANY..2 * MANY));
    tick(&event_loop);
    assert!(calls.borrow().is_empty());
}

#[test]
fn what_an_interruption_leaves_of_a_burst_goes_first() {
    for fatal in [0, 1, 65_535, 65_536, 65_537, 100_000, MANY - 1] {
        let event_loop = virtual_loop();
        let calls = Calls::default();
        call_soon(&event_loop, &calls, 0..fatal);
        let added = event_loop.clone();
        let late = calls.clone();
        let task = event_loop.create_task::<()>(async move {
            call_soon(&added, &late, MANY..MANY + 3);
            Err(Error::new(Kind::KeyboardInterrupt, ""))
        });
        call_soon(&event_loop, &calls, fatal..MANY);
        assert_eq!(
            event_loop.run_forever().unwrap_err().kind(),
            Kind::KeyboardInterrupt,
            "{fatal}"
        );
        assert!(task.done());
        assert!(calls.take().into_iter().eq(0..fatal), "{fatal}");
        tick(&event_loop);
        assert!(calls.take().into_iter().eq(fatal..MANY + 3), "{fatal}");
        event_loop.run_until_complete(sleep(0)).unwrap();
        assert!(calls.borrow().is_empty());
        assert_eq!(task.error().unwrap().unwrap().kind(), Kind::KeyboardInterrupt);
    }
}

#[test]
fn a_panic_within_a_burst_stops_nobody() {
    let event_loop = virtual_loop();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    let calls = Calls::default();
    call_soon(&event_loop, &calls, 0..65_536);
    event_loop.call_soon(|| panic!("between two lists"));
    call_soon(&event_loop, &calls, 65_536..MANY);
    tick(&event_loop);
    assert!(calls.take().into_iter().eq(0..MANY));
}

#[test]
fn a_burst_that_never_runs_is_dropped_with_the_loop() {
    let event_loop = virtual_loop();
    let living = Living::new();
    for _ in 0..MANY {
        let life = living.one();
        event_loop.call_soon(move || drop(life));
    }
    assert_eq!(living.count(), MANY as usize);
    event_loop.close().unwrap();
    assert_eq!(living.count(), 0);
}

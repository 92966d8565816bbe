//! Descriptors are looked at in every iteration, however much is ready, and all that is ready is taken in one look.

use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;

use kolo_executor::testing::{hops, tick};
use kolo_executor::{ContextVar, running_loop, sleep};

use super::{pair, send};
use crate::support::child::in_child;
use crate::support::runs::{in_loop, virtual_loop};

/// A reader that counts its calls, and reads nothing.
fn counter() -> (Rc<Cell<usize>>, impl FnMut() + 'static) {
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    (calls, move || count.set(count.get() + 1))
}

#[test]
fn beside_a_task_that_never_waits() {
    in_loop(async {
        let (ours, theirs) = pair();
        send(&theirs);
        let (calls, reader) = counter();
        running_loop().add_reader(&ours, reader)?;
        // It is called in each iteration from the next one on, in the first and the last of these after the task.
        hops(100).await?;
        assert_eq!(calls.get(), 99);
        Ok(())
    });
}

#[test]
fn a_flag_that_a_reader_sets_is_seen_one_hop_later() {
    in_loop(async {
        let (ours, theirs) = pair();
        let flag = Rc::new(Cell::new(false));
        let (set, watched) = (flag.clone(), ours.try_clone()?);
        running_loop().add_reader(&ours, move || {
            super::take(&watched);
            set.set(true);
        })?;
        send(&theirs);
        let mut waited = 0;
        while !flag.get() {
            sleep(0).await?;
            waited += 1;
        }
        // The reader is called in the iteration of the first hop, but after the task.
        assert_eq!(waited, 2);
        Ok(())
    });
}

#[test]
fn in_the_one_iteration_of_a_loop_that_is_stopped() {
    let event_loop = virtual_loop();
    let (ours, theirs) = pair();
    send(&theirs);
    let (calls, reader) = counter();
    event_loop.add_reader(&ours, reader).unwrap();
    let stopper = event_loop.clone();
    event_loop.call_soon(move || stopper.stop());
    event_loop.run_forever().unwrap();
    assert_eq!((calls.get(), event_loop.iterations()), (1, 1));
}

#[test]
fn all_that_is_ready_in_one_look() {
    // Among many descriptors: in a process of its own, so that other tests can still open some.
    in_child(concat!(module_path!(), "::all_that_is_ready_in_one_look"), &[], || {
        let event_loop = virtual_loop();
        let (ours, theirs) = pair();
        send(&theirs);
        let (calls, _) = counter();
        // As many as this process may have, up to more than any look could be expected to have room for.
        let mut watched: Vec<_> = (0..1_500).map_while(|_| ours.try_clone().ok()).collect();
        watched.truncate(watched.len() - 8);
        for descriptor in &watched {
            let count = calls.clone();
            event_loop.add_reader(descriptor, move || count.set(count.get() + 1)).unwrap();
        }
        for iteration in 1..=3 {
            tick(&event_loop);
            assert_eq!(calls.get(), iteration * watched.len());
        }
    });
}

#[test]
fn a_reader_has_one_context_for_all_its_calls() {
    static CALLS: ContextVar<u32> = ContextVar::with_default("calls", || 0);
    in_loop(async {
        let (ours, theirs) = pair();
        send(&theirs);
        let last = Rc::new(Cell::new(0));
        let seen = last.clone();
        running_loop().add_reader(&ours, move || {
            CALLS.set(CALLS.get().unwrap() + 1);
            seen.set(CALLS.get().unwrap());
        })?;
        hops(4).await?;
        assert_eq!(last.get(), 3);
        assert_eq!(CALLS.get(), Some(0), "a copy of the context in which it was added");
        Ok(())
    });
}

#[test]
fn what_is_not_ready_costs_no_iterations() {
    in_loop(async {
        running_loop().set_waits_for_descriptors(false);
        let (mut ours, mut theirs) = pair();
        let (calls, reader) = counter();
        running_loop().add_reader(&ours, reader)?;
        theirs.write_all(b"x")?;
        hops(2).await?;
        ours.read_exact(&mut [0])?;
        let before = running_loop().iterations();
        sleep(1).await?;
        assert_eq!((calls.get(), running_loop().iterations() - before), (2, 2));
        Ok(())
    });
}

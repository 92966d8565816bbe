//! Of several descriptors the one that has been ready for longest comes first; letters of other threads come before all of them.

use std::thread;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Clock, EventLoop, running_loop};

use super::{pair, send, take, traced_to_the_end};

#[test]
fn what_stays_ready_comes_before_what_becomes_ready_later() {
    let events = traced_to_the_end(async |trace| {
        let [(a, to_a), (b, to_b)] = [pair(), pair()];
        for (name, end) in [("B", &b), ("A", &a)] {
            let trace = trace.clone();
            running_loop().add_reader(end, move || trace.log(name))?;
        }
        send(&to_a);
        hops(2).await?;
        send(&to_b);
        hops(2).await?;
        trace.log("A is drained and filled again");
        take(&a);
        send(&to_a);
        hops(1).await?;
        trace.log("A is drained, found empty, and filled again");
        take(&a);
        hops(1).await?;
        send(&to_a);
        hops(2).await?;
        Ok(())
    });
    let expected = [
        "A",
        "A",
        "A",
        "B",
        "A is drained and filled again",
        "A",
        "B",
        "A is drained, found empty, and filled again",
        "A",
        "B",
        "B",
        "B",
        "A",
    ];
    assert_eq!(events, expected);
}

#[test]
fn of_one_descriptor_the_reader_comes_first() {
    let events = traced_to_the_end(async |trace| {
        let (ours, theirs) = pair();
        send(&theirs);
        let (reader, writer) = (trace.clone(), trace.clone());
        running_loop().add_writer(&ours, move || writer.log("writer"))?;
        running_loop().add_reader(&ours, move || reader.log("reader"))?;
        hops(2).await
    });
    assert_eq!(events, ["reader", "writer"]);
}

#[test]
fn what_is_removed_and_added_again_goes_to_the_end() {
    let events = traced_to_the_end(async |trace| {
        let [(a, to_a), (b, to_b)] = [pair(), pair()];
        let watch = |name: &'static str, end| {
            let trace = trace.clone();
            running_loop().add_reader(end, move || trace.log(name))
        };
        watch("A", &a)?;
        watch("B", &b)?;
        send(&to_a);
        send(&to_b);
        hops(2).await?;
        // Replaced it keeps its place. The reader of before, about to be called, is not.
        watch("A again", &a)?;
        hops(2).await?;
        assert!(running_loop().remove_reader(&a));
        watch("A anew", &a)?;
        hops(2).await
    });
    assert_eq!(events, ["A", "B", "B", "A again", "B", "B", "B", "A anew"]);
}

#[test]
fn letters_come_before_descriptors_of_the_same_wake_up() {
    // Whether both are there when the loop wakes up is for the system to say; if they are, the letter is first. It usually is so.
    for _ in 0..50 {
        let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
        let trace = Trace::new();
        let (ours, theirs) = pair();
        let (log, stopper) = (trace.clone(), event_loop.clone());
        let reader = move || {
            log.log("descriptor");
            stopper.stop();
        };
        event_loop.add_reader(&ours, reader).unwrap();
        thread_local!(static TRACE: std::cell::RefCell<Trace> = std::cell::RefCell::default());
        TRACE.replace(trace.clone());
        let remote = event_loop.remote();
        let thread = thread::spawn(move || {
            remote.call_soon(|| TRACE.with_borrow(|trace| trace.log("letter"))).unwrap();
            send(&theirs);
            theirs
        });
        event_loop.run_forever().unwrap();
        drop(thread.join().unwrap());
        assert_eq!(trace.take(), ["letter", "descriptor"]);
        // The reader owns the loop that owns it.
        event_loop.close().unwrap();
    }
}

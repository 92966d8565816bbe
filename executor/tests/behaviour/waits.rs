//! Waits, where CPython's suite has no case: the far ends of time, and how many hops a wait costs.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use kolo_executor::testing::{Trace, run, tick};
use kolo_executor::{
    Clock, EventLoop, Kind, Promise, Turn, cancellable, create_task, gather, running_loop, shield, sleep, timeout_at, wait_for,
};

use crate::support::outcome::{boom, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

#[test]
fn an_error_behind_a_cancelled_shield_is_nobodys() {
    // Once the shield is cancelled, an error behind it is nobody's; in the same iteration it counts as seen.
    for (same_iteration, expected) in [(false, 1), (true, 0)] {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let promise = event_loop.create_promise::<()>();
        let inner = promise.clone();
        let outer = event_loop.run_until_complete(async move { Ok(shield(&inner)) }).unwrap();
        outer.cancel();
        if !same_iteration {
            tick(&event_loop);
        }
        promise.set_error(boom("late")).unwrap();
        while event_loop.turn().unwrap() == Turn::Now {}
        drop((promise, outer));
        assert_eq!(reports.messages(), vec!["Promise exception was never retrieved"; expected]);
    }
}

#[test]
fn a_gather_goes_on_two_hops_after_its_last_child() {
    // The hops of a gather: the sleeps end, the gather learns of it, the task goes on.
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        let children = [0.1, 0.1].map(|delay| {
            let log = log.clone();
            async move {
                sleep(delay).await?;
                log.start();
                log.log_iteration("child");
                Ok(())
            }
        });
        gather(children).await?;
        log.log_iteration("gathered");
        assert_eq!(running_loop().time(), 0.1);
        Ok(())
    })
    .unwrap();
    assert_eq!(trace.take(), ["+0 child", "+0 child", "+2 gathered"]);
}

#[test]
fn a_sleep_for_ever_needs_no_timer() {
    let event_loop = virtual_loop();
    let forever = event_loop.create_task(sleep(f64::INFINITY));
    assert_eq!(
        event_loop.turn().unwrap(),
        Turn::Io,
        "no clock gets there, the virtual one neither"
    );
    let outcome = event_loop.run_until_complete(async { wait_for(sleep(f64::INFINITY), 5).await });
    assert_eq!((kind_of(outcome), event_loop.time()), (Kind::Timeout, 5.0));
    forever.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(forever)), Kind::Cancelled);
    assert_eq!((event_loop.turn().unwrap(), event_loop.time()), (Turn::Done, 5.0));
}

#[test]
fn a_future_of_another_thread_wakes_its_task() {
    let event_loop = virtual_loop();
    let (sender, job) = oneshot::channel();
    let remote = event_loop.remote();
    let thread = std::thread::spawn(move || {
        sender.send(7).unwrap();
        drop(remote);
        std::thread::current().id()
    });
    let value = event_loop.run_until_complete(async move { cancellable(job).await });
    assert_eq!(value.unwrap().unwrap(), 7);
    assert_ne!(thread.join().unwrap(), std::thread::current().id());
}

/// The real clock moves on by itself, and only forwards.
#[test]
fn a_timer_never_fires_early() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let fired = Rc::new(RefCell::new(Vec::new()));
    let (times, inside) = (fired.clone(), event_loop.clone());
    event_loop
        .run_until_complete(async move {
            for delay in [1e-3, 1e-4, 1e-5] {
                let task = create_task(sleep(delay));
                let when = inside.time() + delay;
                task.await?;
                times.borrow_mut().push(inside.time() >= when);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(fired.take(), [true; 3]);
}

/// `timeout_at` is `timeout`, but for where it counts from.
#[test]
fn timeout_at_counts_from_the_beginning_of_the_loop() {
    let outcome = run(async {
        sleep(1).await?;
        let promise = Promise::<()>::new();
        assert_eq!(kind_of(timeout_at(1.5, &promise).await), Kind::Timeout);
        assert!(promise.cancelled());
        Ok(running_loop().time())
    });
    assert_eq!(outcome.unwrap(), 1.5);
}

//! What others hang on a loop: coroutines for its end, guards that keep it alive, several observers, a look at who waits for whom.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::testing::{self, Trace};
use kolo_executor::{
    AnyTask, CallbackToken, Clock, Error, EventLoop, Kind, Observer, Promise, Result, Runner, Turn, Waits, create_task, gather,
    running_loop, shield, sleep,
};

use crate::support::claims::Never;
use crate::support::lives::Living;

// At the close.

#[test]
fn a_runner_runs_the_hooks_in_order_after_the_tasks_that_were_left() {
    let trace = Trace::new();
    let events = trace.clone();
    testing::run(async move {
        let event_loop = running_loop();
        for name in ["first", "second"] {
            let trace = trace.clone();
            event_loop.at_close(move || async move {
                trace.log_time(format_args!("{name} begins"));
                sleep(1).await?;
                trace.log_time(format_args!("{name} ends"));
                Ok(())
            });
        }
        create_task(async move {
            let outcome = sleep(10).await;
            trace.log_time("the task that was left is cancelled");
            outcome
        });
        sleep(0).await
    })
    .unwrap();
    let expected = [
        "0s the task that was left is cancelled",
        "0s first begins",
        "1s first ends",
        "1s second begins",
        "2s second ends",
    ];
    assert_eq!(events.take(), expected);
}

#[test]
fn without_hooks_the_end_takes_as_many_iterations_as_asyncios() {
    let runner = Runner::builder().clock(Clock::Virtual).build().unwrap();
    let event_loop = runner.event_loop().clone();
    runner.run(async { Ok(()) }).unwrap();
    let before = event_loop.iterations();
    runner.close().unwrap();
    // Two short runs of two iterations: a step, and the callback that stops the loop.
    assert_eq!(event_loop.iterations() - before, 4);
}

#[test]
fn the_first_error_of_a_hook_is_that_of_close_and_the_others_run_all_the_same() {
    let runs = Rc::new(Cell::new(0));
    let runner = Runner::builder().clock(Clock::Virtual).build().unwrap();
    for message in ["first", "second"] {
        let runs = runs.clone();
        runner.event_loop().at_close(move || async move {
            runs.set(runs.get() + 1);
            Err(Error::other(message))
        });
    }
    assert_eq!(runner.close().unwrap_err().message(), "first");
    assert_eq!(runs.get(), 2);
    assert!(runner.event_loop().is_closed());
}

#[test]
fn a_loop_without_a_runner_drops_its_hooks_unused() {
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let life = living.one();
    event_loop.at_close(move || async move {
        drop(life);
        panic!("nobody runs it")
    });
    assert_eq!(living.count(), 1);
    event_loop.close().unwrap();
    assert_eq!(living.count(), 0);
}

// Kept alive.

#[test]
fn a_loop_that_is_kept_alive_is_not_done() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (first, second) = (event_loop.keep_alive(), event_loop.keep_alive());
    assert_eq!(event_loop.turn().unwrap(), Turn::Io);
    drop(first);
    assert_eq!(event_loop.turn().unwrap(), Turn::Io);
    drop(second);
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);
}

#[test]
fn the_virtual_clock_of_a_loop_that_is_kept_alive_does_not_jump() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.call_later(3600, || {});
    let alive = event_loop.keep_alive();
    assert_eq!(event_loop.turn().unwrap(), Turn::At(3600.0));
    assert_eq!(event_loop.time(), 0.0);
    drop(alive);
    event_loop.turn().unwrap();
    assert_eq!(event_loop.time(), 3600.0);
}

#[test]
fn a_guard_may_outlive_its_loop() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let alive = event_loop.keep_alive();
    event_loop.close().unwrap();
    drop(event_loop);
    drop(alive);
}

// Observers.

/// Notes iterations and callbacks; these are numbered in the order in which they are met.
#[derive(Default)]
struct Calls {
    trace: Trace,
    known: RefCell<Vec<CallbackToken>>,
}

impl Calls {
    fn number(&self, callback: CallbackToken) -> usize {
        let known = &mut *self.known.borrow_mut();
        let number = known.iter().position(|known| *known == callback);
        number.unwrap_or_else(|| {
            known.push(callback);
            known.len() - 1
        })
    }
}

impl Observer for Calls {
    fn iteration_begins(&self, number: u64) {
        self.trace.log(format_args!("iteration {number}"));
    }
    fn callback_scheduled(&self, callback: CallbackToken, by: Option<&AnyTask>) {
        let by = by.map_or("nobody".to_owned(), AnyTask::name);
        self.trace.log(format_args!("{} scheduled by {by}", self.number(callback)));
    }
    fn callback_begins(&self, callback: CallbackToken) {
        self.trace.log(format_args!("{} begins", self.number(callback)));
    }
    fn callback_ends(&self, callback: CallbackToken) {
        self.trace.log(format_args!("{} ends", self.number(callback)));
    }
}

#[test]
fn callbacks_and_iterations_are_told_with_who_scheduled_them() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    let calls = Rc::new(Calls::default());
    event_loop.add_observer(calls.clone());
    let promise = event_loop.create_promise::<()>();
    promise.add_done_callback(|_| {});
    let task = event_loop.create_task(async move {
        running_loop().call_soon(|| panic!("a callback that panics ends as well"));
        promise.set_result(())?;
        sleep(0).await
    });
    task.set_name("main");
    event_loop.call_later(1, {
        let event_loop = event_loop.clone();
        move || event_loop.stop()
    });
    event_loop.run_forever().unwrap();
    let expected = [
        "0 scheduled by nobody",
        "iteration 1",
        "1 scheduled by main",
        "2 scheduled by main",
        "iteration 2",
        "1 begins",
        "1 ends",
        "2 begins",
        "2 ends",
        "iteration 3",
        "0 begins",
        "0 ends",
    ];
    assert_eq!(calls.trace.take(), expected);
}

#[test]
fn several_observers_are_told_in_the_order_in_which_they_were_added() {
    struct Named(&'static str, Trace);
    impl Observer for Named {
        fn finished(&self, _: &AnyTask) {
            self.1.log(self.0);
        }
    }
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let trace = Trace::new();
    let observers = ["a", "b", "c"].map(|name| Rc::new(Named(name, trace.clone())));
    for observer in &observers {
        event_loop.add_observer(observer.clone());
    }
    event_loop.run_until_complete(sleep(0)).unwrap();
    assert_eq!(trace.take(), ["a", "b", "c"]);
    assert!(event_loop.remove_observer(&observers[1]));
    assert!(!event_loop.remove_observer(&observers[1]));
    event_loop.run_until_complete(sleep(0)).unwrap();
    assert_eq!(trace.take(), ["a", "c"]);
}

// Who waits for whom.

#[test]
fn a_task_tells_what_it_does_or_waits_for() {
    testing::run(async {
        let promise = Promise::<()>::new();
        let on_promise = create_task(promise.clone().into_future()).as_any_task();
        let on_task = create_task({
            let awaited = AnyTask::clone(&on_promise);
            async move { (&*awaited).await }
        })
        .as_any_task();
        let on_time = create_task(sleep(3600)).as_any_task();
        let in_queue = create_task(async { Never(&WaitQueue::new("Never.comes")).wait().await }).as_any_task();
        let foreign = create_task(std::future::pending::<Result<()>>()).as_any_task();
        let done = create_task(async { Ok(()) }).as_any_task();
        assert!(matches!(done.waits(), Waits::Ready));
        testing::hops(1).await?;

        assert!(matches!(on_promise.waits(), Waits::For(on) if on.ptr_eq(&promise.as_any()) && on.as_task().is_none()));
        assert!(matches!(on_task.waits(), Waits::For(on) if on.as_task().as_ref() == Some(&on_promise)));
        assert!(matches!(on_time.waits(), Waits::Parked));
        assert!(matches!(in_queue.waits(), Waits::Parked));
        assert!(matches!(foreign.waits(), Waits::Foreign));
        assert!(matches!(done.waits(), Waits::Done));
        assert!(matches!(kolo_executor::current_task().unwrap().waits(), Waits::Running));
        assert!(on_time.parked_at().is_some() && done.parked_at().is_none() && foreign.parked_at().is_none());

        let queues = running_loop().queues();
        assert_eq!(queues.len(), 1);
        assert_eq!(queues[0].kind(), "Never.comes");
        assert_eq!(queues[0].waiting(), [Some(in_queue.clone())]);
        assert_eq!(queues[0].handles(), None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_promise_tells_who_goes_on_when_it_is_done() {
    testing::run(async {
        let promise = Promise::<()>::new();
        let direct = create_task(promise.clone().into_future()).as_any_task();
        let through = create_task({
            let shielded = shield(&promise);
            async move { gather([shielded]).await.map(drop) }
        })
        .as_any_task();
        testing::hops(1).await?;
        // The shield stands before the task among the callbacks, but one hop further away.
        assert_eq!(promise.as_any().awaiters(), [direct, through]);
        assert!(promise.as_any().handles() > 2);
        promise.set_result(())
    })
    .unwrap();
}

#[test]
fn a_run_that_is_kept_alive_is_no_deadlock_until_it_is_not() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<()>();
    let alive = Rc::new(Cell::new(Some(event_loop.keep_alive())));
    // The guard goes with a timer, which a virtual clock that is held back reaches in real time.
    let guard = alive.clone();
    event_loop.call_later(0.001, move || drop(guard.take()));
    assert_eq!(event_loop.run_until_complete(promise).unwrap_err().kind(), Kind::Deadlock);
    assert!(alive.take().is_none());
}

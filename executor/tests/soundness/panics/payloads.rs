//! Panics that carry something whose destructor panics.

use std::cell::RefCell;
use std::panic::panic_any;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;

use kolo_executor::testing::tick;
use kolo_executor::{AnyTask, Clock, EventLoop, Kind, Observer, Promise, Task, gather, sleep};

use super::loop_with_reports;
use crate::support::child::in_child;
use crate::support::lives::OnDrop;

/// Panics when it is dropped, with another such thing.
struct Grenade(u32);

impl Drop for Grenade {
    fn drop(&mut self) {
        if self.0 > 0 {
            throw(self.0 - 1);
        }
    }
}

fn throw(times: u32) -> ! {
    panic_any(Grenade(times))
}

const TEXT: &str = "a panic whose payload is not a text";

/// How often it panics when it is dropped.
const TIMES: [u32; 2] = [1, 2];

#[test]
fn that_is_never_dropped_in_the_end() {
    let name = concat!(module_path!(), "::that_is_never_dropped_in_the_end");
    // Left alone it is a leak, which sanitizers would tell of.
    in_child(name, &[("ASAN_OPTIONS", Some("detect_leaks=0"))], || {
        let (event_loop, reports) = loop_with_reports();
        let task: Task<()> = event_loop.create_task(async { throw(u32::MAX) });
        event_loop.call_soon(|| throw(u32::MAX));
        tick(&event_loop);
        drop(task);
        event_loop.run_until_complete(sleep(1)).unwrap();
        let expected = ["Exception in callback", "Task exception was never retrieved"];
        assert_eq!(reports(), expected.map(|message| format!("{message}: {TEXT}")));
    });
}

#[test]
fn of_a_step() {
    for times in TIMES {
        let (event_loop, reports) = loop_with_reports();
        let tasks = [false, true, false].map(|throws| {
            event_loop.create_task(async move {
                sleep(0).await?;
                if throws {
                    throw(times);
                }
                Ok(1)
            })
        });
        let unseen: Task<()> = event_loop.create_task(async move { throw(times) });
        let all = tasks.clone();
        let outcome = event_loop.run_until_complete(async move { gather(&all).await });
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panic, TEXT));
        drop((error, unseen));
        assert!(tasks.iter().all(|task| task.done()));
        drop(tasks);
        assert_eq!(reports(), [format!("Task exception was never retrieved: {TEXT}")]);
    }
}

#[test]
fn of_callbacks_and_their_destructors() {
    for times in TIMES {
        let (event_loop, reports) = loop_with_reports();
        let order = Rc::new(RefCell::new(Vec::new()));
        let promise = event_loop.create_promise::<()>();
        for number in 0..4 {
            let list = order.clone();
            event_loop.call_soon(move || {
                list.borrow_mut().push(number);
                if number % 2 == 0 {
                    throw(times);
                }
            });
            let (list, dropped) = (order.clone(), OnDrop(move || throw(times)));
            promise.add_done_callback(move |_| {
                let _dropped = dropped;
                list.borrow_mut().push(10 + number);
            });
        }
        event_loop.call_soon(move || promise.set_result(()).unwrap());
        tick(&event_loop);
        tick(&event_loop);
        assert_eq!(order.take(), [0, 1, 2, 3, 10, 11, 12, 13]);
        assert_eq!(reports(), vec![format!("Exception in callback: {TEXT}"); 6]);
        // And when it is closed.
        let dropped = OnDrop(move || throw(times));
        event_loop.create_task(async move {
            let _dropped = dropped;
            sleep(10).await
        });
        let dropped = OnDrop(move || throw(times));
        event_loop.call_later(10, move || drop(dropped));
        tick(&event_loop);
        event_loop.close().unwrap();
        let reports = reports();
        assert_eq!(
            reports.iter().filter(|report| report.ends_with(TEXT)).count(),
            2,
            "{reports:?}"
        );
    }
}

#[test]
fn of_a_coroutine_s_destructor() {
    for times in TIMES {
        let (event_loop, _) = loop_with_reports();
        let dropped = OnDrop(move || throw(times));
        let task = event_loop.create_task(async move {
            let _dropped = dropped;
            sleep(10).await
        });
        tick(&event_loop);
        task.cancel();
        let error = event_loop.run_until_complete(task).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panic, TEXT));
        event_loop.run_until_complete(sleep(1)).unwrap();
    }
}

#[test]
fn of_the_exception_handler() {
    for times in TIMES {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        event_loop.set_exception_handler(Some(Rc::new(move |_| throw(times))));
        event_loop.call_soon(move || throw(times));
        event_loop.run_until_complete(sleep(1)).unwrap();
    }
}

#[test]
fn of_an_observer() {
    struct Throws(u32);
    impl Observer for Throws {
        fn step_begins(&self, _: &AnyTask) {
            throw(self.0);
        }
    }
    for times in TIMES {
        let (event_loop, reports) = loop_with_reports();
        event_loop.add_observer(Rc::new(Throws(times)));
        event_loop.run_until_complete(async { Ok(()) }).unwrap();
        assert_eq!(reports()[0], format!("Exception in observer: {TEXT}"));
    }
}

#[test]
fn of_a_waker() {
    struct Throws(u32);
    impl Wake for Throws {
        fn wake(self: Arc<Self>) {
            throw(self.0);
        }
    }
    for times in TIMES {
        let (event_loop, reports) = loop_with_reports();
        let promise: Promise<()> = event_loop.create_promise();
        let mut waits = Box::pin((&promise).into_future());
        let waker = Waker::from(Arc::new(Throws(times)));
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let awaited = promise.clone();
        let task = event_loop.create_task(async move { (&awaited).await });
        tick(&event_loop);
        promise.set_result(()).unwrap();
        event_loop.run_until_complete(task).unwrap();
        assert_eq!(reports(), [format!("Exception in waker: {TEXT}")]);
    }
}

#[test]
fn of_what_makes_a_coroutine_for_another_thread() {
    for times in TIMES {
        let (event_loop, reports) = loop_with_reports();
        let remote = event_loop.remote();
        let outcome = thread::spawn(move || {
            let outcome = remote
                .spawn(move || {
                    if times > 0 {
                        throw(times);
                    }
                    async { Ok(()) }
                })
                .wait();
            outcome.unwrap_err().kind()
        });
        let waits = event_loop.create_task(async move {
            while !outcome.is_finished() {
                sleep(0).await?;
            }
            Ok(outcome.join().unwrap())
        });
        assert_eq!(event_loop.run_until_complete(waits).unwrap(), Kind::Panic);
        assert_eq!(reports(), [format!("Exception in callback: {TEXT}")]);
    }
}

#[test]
fn it_can_still_be_taken() {
    let (event_loop, _) = loop_with_reports();
    let task: Task<()> = event_loop.create_task(async { throw(0) });
    let error = event_loop.run_until_complete(task).unwrap_err();
    let payload = error.take_panic().unwrap();
    assert_eq!(payload.downcast::<Grenade>().unwrap().0, 0);
}

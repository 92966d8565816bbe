//! Destructors that run while the loop does.

use std::cell::RefCell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::tick;
use kolo_executor::{
    Clock, Context, ContextVar, Error, EventLoop, ExceptionContext, Observer, Promise, Result, Task, create_task, current_task,
    sleep, try_running_loop,
};

use crate::support::lives::keep;

type Effects = Rc<RefCell<Vec<&'static str>>>;

/// Uses all of a loop while it is dropped, and notes what comes of it.
struct Meddler {
    event_loop: EventLoop,
    promise: Promise<&'static str>,
    victim: Task<()>,
    effects: Effects,
}

impl Meddler {
    /// A meddler, and what comes of it. The loop must run for some iterations afterwards.
    fn new(event_loop: &EventLoop) -> (Meddler, Effects) {
        let effects = Effects::default();
        let promise = event_loop.create_promise::<&'static str>();
        let (list, awaited) = (effects.clone(), promise.clone());
        event_loop.create_task(async move {
            let value = (&awaited).await?;
            list.borrow_mut().push(value);
            Ok(())
        });
        let victim = event_loop.create_task(sleep(1000));
        let meddler = Meddler {
            event_loop: event_loop.clone(),
            promise,
            victim,
            effects: effects.clone(),
        };
        (meddler, effects)
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        let (list, again) = (self.effects.clone(), self.effects.clone());
        drop(self.event_loop.create_task(async move {
            list.borrow_mut().push("task");
            Ok(())
        }));
        self.event_loop.call_soon(move || again.borrow_mut().push("call"));
        self.event_loop.call_later(5, || {}).cancel();
        assert!(self.victim.cancel());
        self.promise.set_result("promise").unwrap();
        assert!(format!("{:?} {:?}", self.event_loop, self.victim).contains("cancelling"));
        assert!(!self.event_loop.all_tasks().is_empty());
        // A nested run is refused, and does no harm.
        let nested = self.event_loop.run_until_complete(async { Ok(()) });
        assert_eq!(nested.is_err(), try_running_loop().is_ok());
    }
}

/// Gives a meddler to `place`, which must have dropped it when the loop is idle.
#[track_caller]
fn meddle(place: impl FnOnce(&EventLoop, Meddler) + 'static) {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (meddler, effects) = Meddler::new(&event_loop);
    let victim = meddler.victim.clone();
    for _ in 0..2 {
        tick(&event_loop);
    }
    let handle = event_loop.clone();
    event_loop
        .run_until_complete(async move {
            place(&handle, meddler);
            sleep(10).await
        })
        .unwrap();
    let mut effects = effects.take();
    effects.sort_unstable();
    assert_eq!(effects, ["call", "promise", "task"]);
    assert!(victim.cancelled());
    event_loop.close().unwrap();
}

#[test]
fn a_coroutine_that_ends() {
    meddle(|_, meddler| {
        create_task(async move {
            let _held = meddler;
            Ok(())
        });
    });
}

#[test]
fn a_coroutine_that_fails() {
    meddle(|_, meddler| {
        let task = create_task(async move {
            let _held = meddler;
            Err::<(), _>(Error::other("it fails"))
        });
        task.add_done_callback(|task| assert!(task.error().is_ok()));
    });
}

#[test]
fn a_coroutine_that_is_cancelled_before_it_began() {
    meddle(|_, meddler| {
        let task = create_task(async move {
            let _held = meddler;
            Ok(())
        });
        assert!(task.cancel());
    });
}

#[test]
fn a_coroutine_that_is_cancelled_on_a_foreign_future() {
    meddle(|event_loop, meddler| {
        let task = create_task(async move {
            let _held = meddler;
            std::future::pending::<Result<()>>().await
        });
        event_loop.call_later(1, move || assert!(task.cancel()));
    });
}

#[test]
fn a_coroutine_that_panics() {
    meddle(|event_loop, meddler| {
        event_loop.set_exception_handler(Some(Rc::new(|_| {})));
        create_task(async move {
            let _held = meddler;
            if current_task().is_some() {
                panic!("with a meddler on the stack");
            }
            Ok(())
        });
    });
}

#[test]
fn a_coroutine_refused_by_a_closed_loop() {
    meddle(|_, meddler| {
        let closed = EventLoop::with_clock(Clock::Virtual).unwrap();
        closed.close().unwrap();
        let refused = closed.create_task(async move {
            let _held = meddler;
            Ok(())
        });
        assert!(refused.error().unwrap().is_some());
    });
}

#[test]
fn a_result_whose_last_handle_goes() {
    meddle(|event_loop, meddler| {
        let task = create_task(async move { Ok(meddler) });
        event_loop.call_later(1, move || drop(task));
    });
}

#[test]
fn a_result_without_a_handle() {
    meddle(|_, meddler| drop(create_task(async move { Ok(meddler) })));
}

#[test]
fn a_result_lost_to_a_cancellation() {
    meddle(|_, meddler| {
        create_task(async move {
            // Too late for this coroutine to notice: its result is dropped, and the task ends cancelled.
            current_task().unwrap().cancel();
            Ok(meddler)
        });
    });
}

#[test]
fn a_value_of_a_promise() {
    meddle(|_, meddler| {
        let promise = Promise::new();
        promise.set_result(meddler).unwrap_or_else(|_| panic!("a new promise"));
    });
}

#[test]
fn a_value_that_a_promise_refuses() {
    meddle(|_, meddler| {
        let promise = Promise::new();
        promise.cancel();
        assert!(promise.set_result(meddler).is_err());
    });
}

#[test]
fn the_payload_of_a_panic() {
    // The payload must be `Send`, which a meddler is not: it stands in the thread's memory.
    thread_local!(static HELD: RefCell<Option<Meddler>> = const { RefCell::new(None) });
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            drop(HELD.take());
        }
    }
    meddle(|event_loop, meddler| {
        event_loop.set_exception_handler(Some(Rc::new(|_| {})));
        HELD.set(Some(meddler));
        create_task::<()>(async { std::panic::panic_any(Payload) });
    });
}

#[test]
fn a_callback_that_was_called() {
    meddle(|event_loop, meddler| drop(event_loop.call_soon(move || drop(meddler))));
}

#[test]
fn a_callback_that_panicked() {
    meddle(|event_loop, meddler| {
        event_loop.set_exception_handler(Some(Rc::new(|_| {})));
        event_loop.call_soon(move || {
            let _held = meddler;
            panic!("with a meddler on the stack");
        });
    });
}

#[test]
fn a_callback_that_was_taken_back() {
    meddle(|event_loop, meddler| event_loop.call_soon(move || drop(meddler)).cancel());
}

#[test]
fn a_timer_that_was_taken_back() {
    meddle(|event_loop, meddler| event_loop.call_later(3, move || drop(meddler)).cancel());
}

#[test]
fn a_done_callback_that_was_taken_back() {
    meddle(|_, meddler| {
        let promise = Promise::<()>::new();
        let token = promise.add_done_callback(move |_| drop(meddler));
        assert!(promise.remove_done_callback(token));
    });
}

#[test]
fn a_done_callback_of_a_promise_that_goes_undone() {
    meddle(|_, meddler| {
        Promise::<()>::new().add_done_callback(move |_| drop(meddler));
    });
}

#[test]
fn a_reader_that_is_replaced() {
    meddle(|event_loop, meddler| {
        let (stream, _other) = UnixStream::pair().unwrap();
        event_loop.add_reader(&stream, move || keep(&meddler)).unwrap();
        event_loop.add_reader(&stream, || {}).unwrap();
        assert!(event_loop.remove_reader(&stream));
    });
}

#[test]
fn a_reader_that_removes_itself() {
    meddle(|event_loop, meddler| {
        let (stream, mut other) = UnixStream::pair().unwrap();
        let stream = Rc::new(stream);
        let (handle, reader) = (event_loop.clone(), stream.clone());
        let called = move || {
            keep(&meddler);
            assert!(handle.remove_reader(&*reader));
        };
        event_loop.add_reader(&*stream, called).unwrap();
        other.write_all(b"x").unwrap();
        // They are open as long as the loop may look at them.
        event_loop.call_later(5, move || drop((stream, other)));
    });
}

#[test]
fn a_reader_of_what_cannot_be_watched() {
    meddle(|event_loop, meddler| {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        assert!(event_loop.add_reader(&file, move || keep(&meddler)).is_err());
    });
}

#[test]
fn an_exception_handler() {
    meddle(|event_loop, meddler| {
        event_loop.set_exception_handler(Some(Rc::new(move |_: &ExceptionContext| keep(&meddler))));
        event_loop.set_exception_handler(None);
    });
}

#[test]
fn an_observer() {
    struct Observes(#[allow(dead_code, reason = "it is there to be dropped")] Meddler);
    impl Observer for Observes {}
    meddle(|event_loop, meddler| {
        let observer = Rc::new(Observes(meddler));
        event_loop.add_observer(observer.clone());
        event_loop.remove_observer(&observer);
    });
}

static VARIABLE: ContextVar<Option<Rc<Meddler>>> = ContextVar::new("variable");

#[test]
fn a_value_in_the_context_of_a_task() {
    meddle(|_, meddler| {
        create_task(async move {
            VARIABLE.set(Some(Rc::new(meddler)));
            Ok(())
        });
    });
}

#[test]
fn a_value_in_the_context_of_a_callback() {
    meddle(|event_loop, meddler| {
        let context = Context::new();
        context.run(|| drop(VARIABLE.set(Some(Rc::new(meddler)))));
        event_loop.call_soon_in(context, || assert!(VARIABLE.get().flatten().is_some()));
    });
}

#[test]
fn a_value_that_is_replaced() {
    meddle(|_, meddler| {
        create_task(async move {
            VARIABLE.set(Some(Rc::new(meddler)));
            VARIABLE.set(None);
            Ok(())
        });
    });
}

#[test]
fn a_value_that_is_reset() {
    meddle(|_, meddler| {
        create_task(async move {
            let token = VARIABLE.set(Some(Rc::new(meddler)));
            VARIABLE.reset(token)?;
            Ok(())
        });
    });
}

//! Loops that are used while their thread is torn down, by the destructors of its variables.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use kolo_executor::{Clock, ContextVar, Error, EventLoop, Promise, create_task, gather, run, sleep};

static NAME: ContextVar<String> = ContextVar::new("name");

/// Does something when the thread's variables are dropped, and tells that it came to its end.
struct Late<F: FnMut()>(F, Sender<()>);

impl<F: FnMut()> Drop for Late<F> {
    fn drop(&mut self) {
        (self.0)();
        self.1.send(()).unwrap();
    }
}

type Anything = RefCell<Vec<Box<dyn std::any::Any>>>;

/// Runs `late` while a thread is torn down, before and after kolo's own variables are gone: they go in an order that depends on which was used
/// first.
fn while_torn_down(prepare: fn(), late: fn()) {
    thread_local!(static HELD: Anything = const { RefCell::new(Vec::new()) });
    for used_first in [true, false] {
        let (told, tells) = channel();
        let torn_down = thread::spawn(move || {
            if used_first {
                HELD.with_borrow(|held| assert!(held.is_empty()));
            }
            prepare();
            HELD.with_borrow_mut(|held| held.push(Box::new(Late(late, told))));
        });
        torn_down.join().unwrap();
        tells.recv().expect("the destructor did not come to its end");
    }
}

fn use_kolo() {
    NAME.set("ada".to_owned());
    run(async {
        create_task(sleep(0.0)).await?;
        NAME.set("bob".to_owned());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_loop_is_made_and_run() {
    while_torn_down(use_kolo, || {
        let outcome = run(async {
            let children = gather((0..3).map(|n| async move { sleep(0.0).await.map(|()| n) }));
            children.await
        });
        assert_eq!(outcome.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn callbacks_contexts_and_promises_are_used() {
    while_torn_down(use_kolo, || {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        let promise = event_loop.create_promise::<()>();
        promise.add_done_callback(|_| {
            NAME.set("eve".to_owned());
            assert_eq!(NAME.get().as_deref(), Some("eve"));
        });
        let setter = promise.clone();
        event_loop.call_soon(move || setter.set_result(()).unwrap());
        event_loop.call_later(1, || {});
        event_loop.run_until_complete(promise).unwrap();
        let _ = NAME.get();
        event_loop.remote().call_soon(|| {}).unwrap();
        event_loop.call_soon(|| panic!("in a callback"));
        event_loop.set_exception_handler(Some(Rc::new(|_| {})));
        event_loop.run_until_complete(sleep(0.0)).unwrap();
    });
}

#[test]
fn what_nobody_handles_is_told_to_the_loops_handler() {
    while_torn_down(use_kolo, || {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        let told = Rc::new(RefCell::new(Vec::new()));
        let list = told.clone();
        event_loop.set_exception_handler(Some(Rc::new(move |context| list.borrow_mut().push(context.message.clone()))));
        let promise: Promise<()> = event_loop.create_promise();
        promise.set_error(Error::other("nobody looks")).unwrap();
        drop(promise);
        event_loop.create_task(sleep(1));
        event_loop.close().unwrap();
        let expected = [
            "Promise exception was never retrieved",
            "Task was destroyed but it is pending!",
        ];
        assert_eq!(told.take(), expected);
    });
}

#[test]
fn a_value_that_was_set_outside_of_tasks_is_dropped_with_its_thread() {
    #[derive(Clone)]
    struct Tells(#[allow(dead_code, reason = "it is there to be dropped")] std::sync::Arc<()>);
    static KEPT: ContextVar<Tells> = ContextVar::new("kept");
    let life = std::sync::Arc::new(());
    let kept = Tells(life.clone());
    thread::spawn(move || {
        KEPT.set(kept);
    })
    .join()
    .unwrap();
    assert_eq!(std::sync::Arc::strong_count(&life), 1);
}

//! Where no loop runs, runs within runs, and loops that are closed.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;

use kolo_executor::{
    Clock, Promise, Result, Runner, Task, as_completed, cancellable, create_task, current_task, ensure_future, gather,
    running_loop, shield, sleep, task_group, timeout, try_running_loop, wait, wait_for,
};

use super::runtime;
use crate::support::lives::DropFlag;
use crate::support::outcome::{error_of, panic_of};
use crate::support::runs::virtual_loop;

#[test]
fn what_needs_a_loop_panics_and_names_run() {
    fn nothing() -> std::future::Ready<Result<()>> {
        std::future::ready(Ok(()))
    }
    let message =
        |what: &str| format!("{what}: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`");
    assert_eq!(panic_of(|| create_task(nothing())), message("create_task"));
    assert_eq!(panic_of(|| Task::<()>::builder().spawn(nothing())), message("Builder::spawn"));
    assert_eq!(panic_of(|| ensure_future(nothing())), message("ensure_future"));
    assert_eq!(panic_of(|| gather([nothing()])), message("gather"));
    assert_eq!(panic_of(|| kolo_executor::gather!(nothing(), nothing())), message("gather!"));
    assert_eq!(panic_of(|| shield(nothing())), message("shield"));
    assert_eq!(panic_of(|| as_completed([nothing()])), message("as_completed"));
    assert_eq!(panic_of(running_loop), message("running_loop"));
    assert_eq!(error_of(try_running_loop()), runtime("no running event loop"));
    assert_eq!(current_task(), None);
}

/// Polls a future once, where no loop runs.
fn poll_outside<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

#[test]
fn what_is_awaited_without_a_loop_is_an_error() {
    let no_loop = || runtime("no running event loop");
    assert_eq!(error_of(poll_outside(sleep(1)).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(timeout(1, sleep(1))).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(wait_for(sleep(1), 1)).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(wait_for(sleep(1), 0)).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(wait_for(Promise::<()>::new(), 0)).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(cancellable(pending::<()>())).unwrap()), no_loop());
    assert_eq!(error_of(poll_outside(task_group(async |_| Ok(()))).unwrap()), no_loop());
    assert_eq!(
        error_of(poll_outside(wait([Promise::<()>::new()])).unwrap().map(|_| ())),
        no_loop()
    );
}

#[test]
fn a_nested_run_is_refused() {
    let (began, outer) = (Rc::new(Cell::new(0)), virtual_loop());
    let count = began.clone();
    let refused = outer.run_until_complete(async move {
        let body = || {
            let count = count.clone();
            async move {
                count.set(count.get() + 1);
                Ok(())
            }
        };
        let this = running_loop();
        let other = virtual_loop();
        let runner = Runner::builder().clock(Clock::Virtual).build()?;
        let refused = [
            kolo_executor::run(body()),
            runner.run(body()),
            runner.close(),
            this.run_until_complete(body()),
            this.run_forever(),
            this.turn().map(|_| ()),
            this.close(),
            other.run_until_complete(body()),
            other.run_forever(),
        ];
        Ok(refused.map(error_of))
    });
    let already = "This event loop is already running";
    let another = "Cannot run the event loop while another loop is running";
    let expected = [
        "kolo::run() cannot be called from a running event loop",
        "Runner.run() cannot be called from a running event loop",
        "Runner.close() cannot be called from a running event loop",
        already,
        already,
        already,
        "Cannot close a running event loop",
        another,
        another,
    ];
    assert_eq!(refused.unwrap(), expected.map(runtime));
    assert_eq!(began.get(), 0, "no body has run");
}

#[test]
fn a_loop_may_be_closed_twice() {
    let event_loop = virtual_loop();
    assert!(!event_loop.is_closed());
    event_loop.close().unwrap();
    event_loop.close().unwrap();
    assert!(event_loop.is_closed());

    let runner = Runner::builder().clock(Clock::Virtual).build().unwrap();
    runner.close().unwrap();
    runner.close().unwrap();
    assert_eq!(error_of(runner.run(async { Ok(()) })), runtime("Runner is closed"));
}

#[test]
fn a_closed_loop_runs_nothing() {
    let closed = || runtime("Event loop is closed");
    let event_loop = virtual_loop();
    let remote = event_loop.remote();
    event_loop.close().unwrap();
    let (dropped, flag) = DropFlag::new();
    let coroutine = async move {
        let _flag = flag;
        Ok(())
    };
    assert_eq!(error_of(event_loop.run_until_complete(coroutine)), closed());
    assert!(dropped.get());
    assert_eq!(error_of(event_loop.run_forever()), closed());
    assert_eq!(error_of(event_loop.turn()), closed());
    assert_eq!(error_of(event_loop.create_task(async { Ok(()) }).result()), closed());
    assert_eq!(error_of(remote.call_soon(|| ())), closed());
    let (reader, _writer) = std::io::pipe().unwrap();
    assert_eq!(error_of(event_loop.add_reader(&reader, || ())), closed());
    assert_eq!(error_of(event_loop.add_writer(&reader, || ())), closed());
    assert!(!event_loop.remove_reader(&reader));

    let ran = Rc::new(Cell::new(false));
    let flags = [ran.clone(), ran.clone()];
    let [soon, later] = flags.map(|flag| move || flag.set(true));
    event_loop.call_soon(soon);
    event_loop.call_later(0, later);
    assert_eq!(Rc::strong_count(&ran), 1, "callbacks are dropped at once");
}

#[test]
fn callbacks_given_to_a_closed_loop_are_cancelled() {
    let event_loop = kolo_executor::EventLoop::with_clock(kolo_executor::Clock::Virtual).unwrap();
    event_loop.close().unwrap();
    let dropped = std::rc::Rc::new(());
    let kept = dropped.clone();
    let soon = event_loop.call_soon(move || drop(kept));
    assert!(soon.cancelled());
    assert_eq!(std::rc::Rc::strong_count(&dropped), 1, "the callback is dropped at once");
    assert!(event_loop.call_later(1, || ()).cancelled());
    assert!(event_loop.call_at(1, || ()).cancelled());
}

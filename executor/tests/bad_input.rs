//! What is wrong to ask for, and the exact answer to each.

mod common;

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::process::Command;
use std::rc::Rc;

use common::{Reports, Trace, boom, error_of, kind_of, panic_of, run, tick, ticks, virtual_loop};
use kolo_executor::{
    Clock, Error, EventLoop, Gather, Kind, Promise, Result, Runner, Task, Timeout, as_completed, create_task, current_task,
    ensure_future, gather, running_loop, shield, sleep, sleep_with, task_group, timeout, timeout_at, try_running_loop, wait,
    wait_for,
};

fn runtime(message: &str) -> (Kind, String) {
    (Kind::Runtime, message.to_owned())
}

fn value(message: &str) -> (Kind, String) {
    (Kind::Value, message.to_owned())
}

// Where no loop runs.

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
    assert_eq!(error_of(poll_outside(task_group(async |_| Ok(()))).unwrap()), no_loop());
    assert_eq!(
        error_of(poll_outside(wait([Promise::<()>::new()])).unwrap().map(|_| ())),
        no_loop()
    );
}

// Runs within runs, and loops that are closed.

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
    let (dropped, flag) = common::DropFlag::new();
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

// Awaiting the wrong thing.

#[test]
fn a_task_that_awaits_itself_is_told_so() {
    let outcome = run(async {
        let own = Rc::new(RefCell::new(None::<Task<&str>>));
        let slot = own.clone();
        let task = Task::builder().name("narcissus").spawn(async move {
            let own = slot.take().unwrap();
            // It may catch the error, and go on.
            assert_eq!(error_of((&own).await), runtime("Task cannot await on itself: 'narcissus'"));
            assert!(!own.cancelled() && own.cancelling() == 0);
            Ok("content")
        });
        own.replace(Some(task.clone()));
        task.await
    });
    assert_eq!(outcome.unwrap(), "content");
}

#[test]
fn a_promise_of_another_loop_is_refused() {
    let (near, far) = (virtual_loop(), virtual_loop());
    let promise = far.create_promise::<i32>();
    let foreign = promise.clone();
    let task = near.create_task(async move {
        let attached = runtime("Task 'reader' awaits <Promise pending>, which is attached to a different loop");
        let iterations = running_loop().iterations();
        assert_eq!(error_of((&foreign).await), attached);
        assert_eq!(running_loop().iterations() - iterations, 1, "a hop later");
        assert_eq!(error_of(wait_for(&foreign, 1).await), attached);
        assert_eq!(error_of(timeout(1, (&foreign).into_future()).await), attached);
        assert_eq!(error_of(shield(&foreign).await), attached);

        let different = value("The future belongs to a different loop than the one that waits for it");
        assert_eq!(error_of(gather([&foreign]).await), different);
        assert_eq!(error_of(gather([&foreign]).return_exceptions().await), different);
        let mut results = as_completed([&foreign]);
        assert_eq!(error_of(results.next().await.unwrap()), different);
        assert!(results.next().await.is_none());
        Ok(())
    });
    task.set_name("reader");
    near.run_until_complete(task).unwrap();
    let different = value("The future belongs to a different loop than the one that waits for it");
    assert_eq!(error_of(near.run_until_complete(&promise)), different);

    // Its own loop takes no notice, and one that is done is anybody's.
    promise.set_result(5).unwrap();
    assert_eq!(far.run_until_complete(&promise).unwrap(), 5);
    assert_eq!(near.run_until_complete(async move { promise.await }).unwrap(), 5);
}

#[test]
fn a_value_is_moved_out_once() {
    let moved_out = (
        Kind::InvalidState,
        "the result was already moved out; await a reference (`(&promise).await`) to get a copy of it".to_owned(),
    );
    let refused = run(async {
        let task = create_task(async { Ok(String::from("only")) });
        assert_eq!(task.clone().await?, "only");
        let twice = create_task(async { Ok(1) });
        Ok([
            error_of(task.result()),
            error_of(task.await),
            error_of(gather([twice.clone(), twice]).await),
        ])
    });
    assert_eq!(refused.unwrap(), [moved_out.clone(), moved_out.clone(), moved_out]);
}

// Times.

#[test]
fn a_delay_that_is_no_number_is_refused() {
    let event_loop = virtual_loop();
    let nan = f64::NAN;
    assert_eq!(
        panic_of(|| event_loop.call_later(nan, || ())),
        "call_later: the time is NaN (not a number)"
    );
    assert_eq!(
        panic_of(|| event_loop.call_at(nan, || ())),
        "call_at: the time is NaN (not a number)"
    );
    assert_eq!(
        panic_of(|| event_loop.set_slow_callback_duration(nan)),
        "set_slow_callback_duration: the time is NaN (not a number)"
    );
    let began = Rc::new(Cell::new(false));
    let flag = began.clone();
    event_loop
        .run_until_complete(async move {
            let body = || {
                let flag = flag.clone();
                async move {
                    flag.set(true);
                    Ok(())
                }
            };
            assert_eq!(error_of(sleep(nan).await), value("Invalid delay: NaN (not a number)"));
            assert_eq!(error_of(sleep(f32::NAN).await), value("Invalid delay: NaN (not a number)"));
            assert_eq!(error_of(sleep_with(nan, 1).await), value("Invalid delay: NaN (not a number)"));
            let refused = value("Invalid timeout: NaN (not a number)");
            assert_eq!(error_of(timeout(nan, body()).await), refused);
            assert_eq!(error_of(timeout_at(nan, body()).await), refused);
            assert_eq!(error_of(Timeout::after(nan).run(body()).await), refused);
            assert_eq!(error_of(wait_for(body(), nan).await), refused);
            let promise = Promise::<()>::new();
            assert_eq!(error_of(wait_for(&promise, nan).await), refused);
            assert_eq!(error_of(wait([&promise]).timeout(nan).await.map(|_| ())), refused);
            let message = panic_of(|| as_completed([&promise]).timeout(nan));
            assert_eq!(message, "as_completed: the timeout is NaN (not a number)");
            assert!(!promise.done());

            let deadline = Timeout::after(1);
            let handle = deadline.clone();
            let moved = deadline.run(async move { handle.reschedule(nan) }).await;
            assert_eq!(error_of(moved), value("Invalid deadline: NaN (not a number)"));
            Ok(())
        })
        .unwrap();
    assert!(!began.get(), "no body has run");
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn a_negative_delay_is_over_at_once() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let log = trace.clone();
    event_loop
        .run_until_complete(async move {
            let this = running_loop();
            log.start();
            for delay in [-1.0, -2.0, 0.0] {
                let log = log.clone();
                this.call_later(delay, move || log.tick(delay));
            }
            let at = log.clone();
            assert_eq!(this.call_at(-3, move || at.tick("at -3")).when(), -3.0);
            // One hop and no timer.
            sleep(-1).await?;
            log.tick("slept");
            let outcome = wait_for(sleep(1), -1).await;
            log.tick(format!("{:?}", outcome.unwrap_err().kind()));
            let (done, pending) = wait([Promise::<()>::new()]).timeout(-1).await?;
            log.tick(format!("{} done, {} pending", done.len(), pending.len()));
            Ok(())
        })
        .unwrap();
    // By deadline, the most negative first; what was ready before runs before what is due.
    let expected = [
        "+1 slept",
        "+1 at -3",
        "+1 -2",
        "+1 -1",
        "+1 0",
        "+4 Timeout",
        "+6 0 done, 1 pending",
    ];
    assert_eq!(trace.take(), expected);
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn a_clock_that_does_not_exist_is_refused() {
    const CHILD: &str = "KOLO_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let expected = value("KOLO_CLOCK is 'lunar', it must be 'real' or 'virtual'");
        assert_eq!(error_of(EventLoop::new()), expected);
        assert_eq!(error_of(kolo_executor::run(async { Ok(()) })), expected);
        println!("refused");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_clock_that_does_not_exist_is_refused", "--nocapture"])
        .env(CHILD, "1")
        .env("KOLO_CLOCK", "lunar")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("refused"), "{text}");
}

// Outcomes.

#[test]
fn a_promise_is_completed_once() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    promise.set_result(1).unwrap();
    let done = (Kind::InvalidState, "invalid state: <Promise finished>".to_owned());
    assert_eq!(error_of(promise.set_result(2)), done);
    assert_eq!(error_of(promise.set_error(boom("late"))), done);
    assert!(!promise.cancel());
    assert_eq!(promise.result().unwrap(), 1);

    let cancelled = event_loop.create_promise::<i32>();
    assert!(cancelled.cancel());
    let done = (Kind::InvalidState, "invalid state: <Promise cancelled>".to_owned());
    assert_eq!(error_of(cancelled.set_result(2)), done);
}

#[test]
fn the_outcome_of_a_task_is_its_own() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async { Ok(1) });
    task.set_name("own");
    let shown = format!("<Task pending name='own' created at {}>", task.created_at());
    let refused = |operation: &str| runtime(&format!("{shown} does not support {operation}: its outcome is its own"));
    assert_eq!(error_of(task.set_result(2)), refused("set_result"));
    assert_eq!(error_of(task.set_error(boom("no"))), refused("set_error"));
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 1);

    // A gather's, too.
    let child = event_loop.create_promise::<()>();
    let given = child.clone();
    let all: Gather<_> = event_loop.run_until_complete(async move { Ok(gather([&given])) }).unwrap();
    let outer = all.as_any().downcast::<()>().expect("the promise that stands for it");
    let refused = runtime("<Gather pending> does not support set_result: its outcome is its own");
    assert_eq!(error_of(outer.set_result(())), refused);
}

#[test]
fn an_outcome_is_not_there_before_it_is() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let not_set = |what: &str| (Kind::InvalidState, format!("{what} is not set."));
    assert_eq!(error_of(promise.result()), not_set("Result"));
    assert_eq!(error_of(promise.take_result()), not_set("Result"));
    assert_eq!(error_of(promise.error()), not_set("Exception"));
    assert_eq!(error_of(promise.as_any().error()), not_set("Exception"));
    // Looking at it has changed nothing.
    promise.set_result(1).unwrap();
    assert_eq!(promise.take_result().unwrap(), 1);
}

#[test]
fn a_descriptor_that_cannot_be_watched_is_refused() {
    let event_loop = virtual_loop();
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(kind_of(event_loop.add_reader(&file, || ())), Kind::Io);
    assert_eq!(kind_of(event_loop.add_writer(&file, || ())), Kind::Io);
    assert!(!event_loop.remove_reader(&file));
    tick(&event_loop);
}

// User code that panics.

/// The messages of the reports, each with its error.
fn told(reports: &Reports) -> Vec<String> {
    let shown = |error: &Error| format!("{error:?}");
    reports
        .take()
        .into_iter()
        .map(|report| {
            format!(
                "{} ({})",
                report.message,
                report.error.as_ref().map_or_else(String::new, shown)
            )
        })
        .collect()
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let trace = Trace::new();
    let (soon, timed, done) = (trace.clone(), trace.clone(), trace.clone());
    event_loop.call_soon(|| panic!("soon"));
    event_loop.call_soon(move || soon.log("soon"));
    tick(&event_loop);
    event_loop.call_later(0, || panic!("later"));
    event_loop.call_later(0, move || timed.log("later"));
    tick(&event_loop);
    let promise = event_loop.create_promise::<()>();
    promise.add_done_callback(|_| panic!("done"));
    promise.add_done_callback(move |_| done.log("done"));
    promise.set_result(()).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["soon", "later", "done"]);
    let expected = ["soon", "later", "done"].map(|text| format!("Exception in callback (Panic: {text})"));
    assert_eq!(told(&reports), expected);
}

#[test]
fn a_reader_that_panics_is_reported_and_called_again() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let (reader, writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut &writer, b"x").unwrap();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    event_loop
        .add_reader(&reader, move || {
            count.set(count.get() + 1);
            panic!("call {}", count.get());
        })
        .unwrap();
    ticks(&event_loop, 2);
    assert_eq!(calls.get(), 2);
    assert!(event_loop.remove_reader(&reader));
    tick(&event_loop);
    assert_eq!(
        told(&reports),
        [
            "Exception in callback (Panic: call 1)",
            "Exception in callback (Panic: call 2)"
        ]
    );
}

#[test]
fn a_task_that_panics_fails_with_it() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let awaited = event_loop.run_until_complete(async {
        let task = create_task(async {
            sleep(0).await?;
            if true {
                panic!("in a task");
            }
            Ok(())
        });
        let error = (&task).await.unwrap_err();
        assert!(!task.cancelled());
        Ok((error.kind(), error.message().to_owned(), error.take_panic().is_some()))
    });
    assert_eq!(awaited.unwrap(), (Kind::Panic, "in a task".to_owned(), true));
    assert!(reports.take().is_empty(), "somebody has seen it");

    drop(event_loop.create_task(async { panic_now("nobody looks") }));
    tick(&event_loop);
    assert_eq!(told(&reports), ["Task exception was never retrieved (Panic: nobody looks)"]);
}

fn panic_now(text: &'static str) -> Result<()> {
    panic!("{text}")
}

#[test]
fn an_exception_handler_that_panics_is_no_harm() {
    let event_loop = virtual_loop();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |_| {
        count.set(count.get() + 1);
        panic!("in the handler");
    })));
    event_loop.call_soon(|| panic!("in the callback"));
    let after = Rc::new(Cell::new(false));
    let flag = after.clone();
    event_loop.call_soon(move || flag.set(true));
    tick(&event_loop);
    assert_eq!((calls.get(), after.get()), (1, true));
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

#[test]
fn destructors_that_panic_do_not_stop_the_loop() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let trace = Trace::new();

    // A coroutine that is cancelled before it begins.
    let bomb = Bomb("never began");
    let task = event_loop.create_task(async move {
        let _bomb = bomb;
        Ok(())
    });
    task.cancel();
    let log = trace.clone();
    event_loop.call_soon(move || log.log("after the task"));
    tick(&event_loop);
    assert!(task.cancelled());

    // What a callback owns, and a result that nobody takes.
    let bomb = Bomb("owned by a callback");
    event_loop.call_soon(move || drop(bomb));
    drop(event_loop.create_task(async { Ok(Bomb("a result")) }));
    let log = trace.clone();
    event_loop.call_soon(move || log.log("after the callback"));
    tick(&event_loop);
    assert_eq!(trace.take(), ["after the task", "after the callback"]);
    let expected = [
        "A destructor in a coroutine panicked (Panic: never began)",
        "Exception in callback (Panic: owned by a callback)",
        "Exception in callback (Panic: a result)",
    ];
    assert_eq!(told(&reports), expected);
}

#[test]
fn the_loop_goes_on_after_all_of_it() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    for _ in 0..3 {
        event_loop.call_soon(|| panic!("again"));
        assert_eq!(event_loop.run_until_complete(sleep_with(1, "fine")).unwrap(), "fine");
    }
    assert_eq!(event_loop.time(), 3.0);
    assert_eq!(told(&reports).len(), 3);
    event_loop.close().unwrap();
    assert!(reports.take().is_empty());
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

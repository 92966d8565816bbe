//! CPython's test_runners: a loop with a beginning and an end. One test for each case, under the case's name; what concerns Ctrl-C is in
//! `conformance_runners_sigint`, because it needs the main thread.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use kolo_executor::testing::Trace;
use kolo_executor::{
    Clock, Context, ContextVar, Error, EventLoop, Kind, Result, Runner, Task, create_task, run, running_loop, sleep,
};

use crate::support::child::in_child;
use crate::support::lives::DropFlag;
use crate::support::outcome::{ended, error_of};
use crate::support::reports::Reports;

fn runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build().expect("a runner")
}

// `run`.

#[test]
fn test_asyncio_run_return() {
    assert_eq!(run(async { sleep(0).await.map(|()| 42) }).unwrap(), 42);
}

#[test]
fn test_asyncio_run_raises() {
    let inside = Rc::new(RefCell::new(None));
    let slot = inside.clone();
    let outcome: Result<()> = run(async move {
        slot.replace(Some(running_loop()));
        sleep(0).await?;
        Err(Error::value("spam"))
    });
    assert_eq!(error_of(outcome), (Kind::Value, "spam".to_owned()));
    assert!(inside.take().expect("the loop").is_closed());
}

#[test]
fn test_asyncio_run_debug() {
    for (value, expected) in [(None, "debug: false"), (Some(""), "debug: false"), (Some("1"), "debug: true")] {
        let output = in_child(
            concat!(module_path!(), "::test_asyncio_run_debug"),
            &[("KOLO_DEBUG", value)],
            || {
                let debug = run(async { Ok(running_loop().debug()) }).unwrap();
                println!("debug: {debug}");
            },
        );
        if let Some(output) = output {
            assert!(
                String::from_utf8_lossy(&output.stdout).contains(expected),
                "{value:?}: {output:?}"
            );
        }
    }
    for debug in [false, true] {
        let runner = Runner::builder().debug(debug).build().unwrap();
        assert_eq!(runner.run(async { Ok(running_loop().debug()) }).unwrap(), debug);
    }
}

#[test]
fn test_asyncio_run_from_running_loop() {
    let (dropped, flag) = DropFlag::new();
    let outcome: Result<()> = run(async move {
        run(async move {
            let _flag = flag;
            panic!("it never runs")
        })
    });
    let (kind, message) = error_of(outcome);
    assert_eq!(kind, Kind::Runtime);
    assert!(message.contains("cannot be called from a running event loop"), "{message}");
    assert!(dropped.get());
}

#[test]
fn test_asyncio_run_cancels_hanging_tasks() {
    let trace = Trace::new();
    let left: Rc<RefCell<Option<Task<()>>>> = Rc::default();
    let runner = runner();
    let (slot, events) = (left.clone(), trace.clone());
    let outcome = runner.run(async move {
        let events = events.clone();
        slot.replace(Some(create_task(async move {
            let slept = sleep(0.1).await;
            events.log_time(ended(&slept));
            // The end of the run waits for the clean-up.
            sleep(5).await?;
            events.log_time("cleaned up");
            slept
        })));
        Ok(123)
    });
    assert_eq!(outcome.unwrap(), 123);
    let left = left.take().expect("a task");
    assert!(!left.done(), "it goes on until the runner is closed");
    runner.close().unwrap();
    assert!(left.cancelled());
    assert_eq!(trace.take(), ["0s Cancelled", "5s cleaned up"]);
}

#[test]
fn test_asyncio_run_reports_hanging_tasks_errors() {
    let runner = runner();
    let reports = Reports::of(runner.event_loop());
    let outcome = runner.run(async {
        Ok(create_task(async {
            sleep(0.1).await.map_err(|_| Error::value("of the clean-up"))
        }))
    });
    let left = outcome.unwrap();
    runner.close().unwrap();
    assert!(left.done());

    let [report] = &reports.take()[..] else { panic!("one report") };
    assert_eq!(report.message, "unhandled exception during kolo::run() shutdown");
    assert_eq!(report.error.as_ref().map(|error| error.message()), Some("of the clean-up"));
    assert_eq!(report.task, Some(left.as_any_task()));
    assert!(!left.has_unretrieved_error(), "it is not reported once more");
}

/// What is left of it, without asynchronous generators: main's error comes out, that of a task which it left is reported.
#[test]
fn test_asyncio_run_closes_gens_after_hanging_tasks_errors() {
    let runner = runner();
    let reports = Reports::of(runner.event_loop());
    let outcome: Result<()> = runner.run(async {
        create_task(async { sleep(1).await.map_err(|_| Error::value("of the clean-up")) });
        Err(Error::other("fancy exit"))
    });
    assert_eq!(error_of(outcome), (Kind::Other, "fancy exit".to_owned()));
    runner.close().unwrap();
    assert_eq!(reports.messages(), ["unhandled exception during kolo::run() shutdown"]);
}

/// The runner makes the loop, and makes one.
#[test]
fn test_asyncio_run_loop_factory() {
    let runner = runner();
    let event_loop = runner.event_loop().clone();
    for _ in 0..2 {
        let inside = runner.run(async { Ok(running_loop()) }).unwrap();
        assert_eq!(inside, event_loop);
    }
}

/// There is one kind of loop: the plain one, the runner's and `run`'s are the same.
#[test]
fn test_loop_factory_default_event_loop() {
    let expected = format!("{:?}", EventLoop::new().unwrap());
    assert_eq!(format!("{:?}", Runner::builder().build().unwrap().event_loop()), expected);
    let inside = run(async { Ok(running_loop()) }).unwrap();
    assert_eq!(format!("{inside:?}"), expected.replace("closed=false", "closed=true"));
}

// `Runner`.

#[test]
fn test_non_debug() {
    let runner = Runner::builder().debug(false).build().unwrap();
    assert!(!runner.event_loop().debug());
}

#[test]
fn test_debug() {
    let runner = Runner::builder().debug(true).build().unwrap();
    assert!(runner.event_loop().debug());
}

#[test]
fn test_custom_factory() {
    let runner = runner();
    // Nothing but the virtual clock ends this in time.
    runner.run(sleep(1e6)).unwrap();
    assert_eq!(runner.event_loop().time(), 1e6);
}

/// The error of a runner that is used after its end.
fn closed() -> (Kind, String) {
    (Kind::Runtime, "Runner is closed".to_owned())
}

#[test]
fn test_run() {
    let runner = runner();
    assert_eq!(runner.run(async { sleep(0).await.map(|()| "done") }).unwrap(), "done");
    let event_loop = runner.event_loop().clone();
    assert!(!event_loop.is_closed());
    drop(runner);
    assert!(event_loop.is_closed());
}

#[test]
fn test_explicit_close() {
    let runner = runner();
    runner.close().unwrap();
    assert!(runner.event_loop().is_closed());
    assert_eq!(error_of(runner.run(async { Ok(()) })), closed());
}

#[test]
fn test_double_close() {
    let runner = runner();
    for _ in 0..2 {
        runner.close().unwrap();
        assert!(runner.event_loop().is_closed());
    }
}

#[test]
fn test_second_with_block_raises() {
    let trace = Trace::new();
    let runner = runner();
    let body = |name: &'static str| {
        let trace = trace.clone();
        async move {
            trace.log(name);
            Ok(())
        }
    };
    runner.run(body("first")).unwrap();
    runner.close().unwrap();
    assert_eq!(error_of(runner.run(body("second"))), closed());
    assert_eq!(trace.take(), ["first"]);
}

#[test]
fn test_run_keeps_context() {
    static VARIABLE: ContextVar<i32> = ContextVar::with_default("variable", || -1);
    async fn set(value: i32) -> Result<Option<i32>> {
        let old = VARIABLE.get();
        sleep(0).await?;
        VARIABLE.set(value);
        Ok(old)
    }
    let runner = runner();
    assert_eq!(runner.run(set(1)).unwrap(), Some(-1));
    assert_eq!(runner.run(set(2)).unwrap(), Some(1));
    let context = runner.run(async { Ok(Context::current()) }).unwrap();
    assert_eq!(context.run(|| VARIABLE.get()), Some(2));
    assert_eq!(VARIABLE.get(), Some(-1), "nothing of it leaks out");
}

#[test]
fn test_recursive_run() {
    let (dropped, flag) = DropFlag::new();
    let runner = Rc::new(runner());
    let inner = runner.clone();
    let outcome: Result<()> = runner.run(async move {
        inner.run(async move {
            let _flag = flag;
            panic!("it never runs")
        })
    });
    assert_eq!(
        error_of(outcome),
        (
            Kind::Runtime,
            "Runner.run() cannot be called from a running event loop".to_owned()
        )
    );
    assert!(dropped.get());
}

#[test]
fn test_no_repr_is_call_on_the_task_result() {
    struct Shy(Rc<Cell<u32>>);
    impl fmt::Debug for Shy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("Shy")
        }
    }
    let count = Rc::new(Cell::new(0));
    let value = Shy(count.clone());
    let runner = Runner::builder().clock(Clock::Virtual).debug(true).build().unwrap();
    let result = runner.run(async move { Ok(value) }).unwrap();
    assert_eq!(count.get(), 0);
    assert_eq!((format!("{result:?}"), count.get()), ("Shy".to_owned(), 1));
}

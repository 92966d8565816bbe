//! CPython's test_tasks: gather and shield. One test for each case, under the case's name.

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::{Reports, Trace, boom, error_of, kind_of, panic_of, run, tick, ticks, virtual_loop};
use kolo_executor::{
    AnyPromise, Error, EventLoop, Gather, GatherOutcomes, Kind, Many, Promise, Result, Task, create_task, gather, running_loop,
    shield, sleep,
};

/// Runs until nothing is left to do at once.
fn settle(event_loop: &EventLoop) {
    while event_loop.turn().unwrap() == kolo_executor::Turn::Now {}
}

fn promises<T: 'static, const N: usize>(event_loop: &EventLoop) -> [Promise<T>; N] {
    std::array::from_fn(|_| event_loop.create_promise())
}

/// Calls `make` where a loop runs.
fn inside<T: 'static>(event_loop: &EventLoop, make: impl FnOnce() -> T + 'static) -> T {
    event_loop.run_until_complete(async move { Ok(make()) }).unwrap()
}

/// Counts how often it is called.
fn count_calls(promise: AnyPromise) -> Rc<Cell<usize>> {
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    promise.add_done_callback(move |_| count.set(count.get() + 1));
    calls
}

/// What is gathered: the promises themselves, or tasks that wait for them.
#[derive(Clone, Copy)]
enum Through {
    Promises,
    Tasks,
}

const BOTH: [Through; 2] = [Through::Promises, Through::Tasks];

/// A gather of handles by reference.
type Gathered<H> = Gather<Many<H, i32>>;

/// Gathers `children` as they are, or through tasks, and has `check` look at it with the means that both have in common.
fn gathered(event_loop: &EventLoop, through: Through, children: &[Promise<i32>]) -> Checked {
    let children = children.to_vec();
    match through {
        Through::Promises => Checked::Promises(inside(event_loop, move || gather(&children))),
        Through::Tasks => Checked::Tasks(inside(event_loop, move || {
            gather(children.into_iter().map(|child| async move { child.await }))
        })),
    }
}

enum Checked {
    Promises(Gathered<Promise<i32>>),
    Tasks(Gathered<Task<i32>>),
}

impl Checked {
    fn any(&self) -> AnyPromise {
        match self {
            Checked::Promises(gather) => gather.as_any(),
            Checked::Tasks(gather) => gather.as_any(),
        }
    }

    fn result(&self) -> Result<Vec<i32>> {
        match self {
            Checked::Promises(gather) => gather.result(),
            Checked::Tasks(gather) => gather.result(),
        }
    }

    fn with_exceptions(self) -> Outcomes {
        match self {
            Checked::Promises(gather) => Outcomes::Promises(gather.return_exceptions()),
            Checked::Tasks(gather) => Outcomes::Tasks(gather.return_exceptions()),
        }
    }
}

enum Outcomes {
    Promises(GatherOutcomes<Many<Promise<i32>, i32>>),
    Tasks(GatherOutcomes<Many<Task<i32>, i32>>),
}

impl Outcomes {
    fn any(&self) -> AnyPromise {
        match self {
            Outcomes::Promises(gather) => gather.as_any(),
            Outcomes::Tasks(gather) => gather.as_any(),
        }
    }

    fn results(&self) -> Result<Vec<Result<i32>>> {
        match self {
            Outcomes::Promises(gather) => gather.results(),
            Outcomes::Tasks(gather) => gather.results(),
        }
    }
}

#[test]
fn test_success() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[a.clone(), b.clone(), c.clone()]);
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        a.set_result(2).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (0, false));
        c.set_result(3).unwrap();
        settle(&event_loop);
        assert_eq!(calls.get(), 1);
        assert_eq!(gather.result().unwrap(), [2, 1, 3]);
    }
}

#[test]
fn test_result_exception_success() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[a.clone(), b.clone(), c.clone()]).with_exceptions();
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        a.set_result(2).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (0, false));
        c.set_result(3).unwrap();
        settle(&event_loop);
        assert_eq!(calls.get(), 1);
        let values: Vec<i32> = gather.results().unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(values, [2, 1, 3]);
    }
}

#[test]
fn test_one_exception() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let [a, b, c, d, e] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[&a, &b, &c, &d, &e].map(Clone::clone));
        let calls = count_calls(gather.any());
        let error = boom("first");
        a.set_result(1).unwrap();
        b.set_error(error.clone()).unwrap();
        settle(&event_loop);
        assert!(gather.any().done());
        assert_eq!(calls.get(), 1);
        assert!(gather.any().error().unwrap().unwrap().ptr_eq(&error));
        // What the others do changes nothing, and is reported by nobody.
        c.set_result(3).unwrap();
        d.cancel();
        e.set_error(boom("late")).unwrap();
        settle(&event_loop);
        assert!(gather.result().unwrap_err().ptr_eq(&error));
        assert_eq!(calls.get(), 1);
        drop((a, b, c, d, e, gather));
        assert!(reports.messages().is_empty());
    }
}

#[test]
fn test_return_exceptions() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c, d] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[&a, &b, &c, &d].map(Clone::clone)).with_exceptions();
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        c.set_error(boom("one")).unwrap();
        a.set_result(3).unwrap();
        settle(&event_loop);
        assert!(!gather.any().done());
        d.set_error(boom("two")).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (1, true));
        let shown: Vec<String> = gather
            .results()
            .unwrap()
            .iter()
            .map(|outcome| format!("{outcome:?}"))
            .collect();
        assert_eq!(shown, ["Ok(3)", "Ok(1)", "Err(Other: one)", "Err(Other: two)"]);
    }
}

#[test]
fn test_result_exception_one_cancellation() {
    let event_loop = virtual_loop();
    let [a, b, c, d, e, f] = promises(&event_loop);
    let children = [&a, &b, &c, &d, &e, &f].map(Clone::clone);
    let gather = gathered(&event_loop, Through::Promises, &children).with_exceptions();
    let calls = count_calls(gather.any());
    a.set_result(1).unwrap();
    b.set_error(boom("one")).unwrap();
    c.cancel();
    settle(&event_loop);
    assert!(!gather.any().done());
    d.set_result(3).unwrap();
    e.cancel();
    f.set_error(boom("two")).unwrap();
    settle(&event_loop);
    let shown: Vec<String> = gather
        .results()
        .unwrap()
        .iter()
        .map(|outcome| format!("{outcome:?}"))
        .collect();
    let expected = [
        "Ok(1)",
        "Err(Other: one)",
        "Err(Cancelled)",
        "Ok(3)",
        "Err(Cancelled)",
        "Err(Other: two)",
    ];
    assert_eq!(shown, expected);
    assert_eq!(calls.get(), 1);
}

#[test]
fn test_one_cancellation() {
    let event_loop = virtual_loop();
    let [a, b, c, d, e] = promises(&event_loop);
    let gather = gathered(&event_loop, Through::Promises, &[&a, &b, &c, &d, &e].map(Clone::clone));
    let calls = count_calls(gather.any());
    a.set_result(1).unwrap();
    b.cancel();
    settle(&event_loop);
    assert!(gather.any().done());
    assert_eq!(calls.get(), 1);
    assert!(!gather.any().cancelled());
    assert_eq!(gather.any().error().unwrap().unwrap().kind(), Kind::Cancelled);
    c.set_result(3).unwrap();
    d.cancel();
    e.set_error(boom("late")).unwrap();
    settle(&event_loop);
    assert_eq!(kind_of(gather.result()), Kind::Cancelled);
    assert!(c.result().is_ok(), "the others are left alone");
}

// What is gathered, and where.

const NO_LOOP: &str = "no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`";

#[test]
fn test_constructor_empty_sequence_without_loop() {
    let message = panic_of(|| gather(Vec::<Task<()>>::new()));
    assert_eq!(message, format!("gather: {NO_LOOP}"));
}

#[test]
fn test_constructor_empty_sequence_use_running_loop() {
    let event_loop = virtual_loop();
    let nothing = inside(&event_loop, || {
        let nothing = gather(Vec::<Task<i32>>::new());
        assert!(nothing.done(), "at once");
        nothing
    });
    assert_eq!(nothing.result().unwrap(), []);
    // Awaiting it is no hop.
    let before = event_loop.iterations();
    assert_eq!(event_loop.run_until_complete(async move { nothing.await }).unwrap(), []);
    assert_eq!(event_loop.iterations() - before, 2);
}

#[test]
fn test_constructor_heterogenous_futures() {
    let (one, other) = (virtual_loop(), virtual_loop());
    let (near, far) = (one.create_promise::<()>(), other.create_promise::<()>());
    let children = [near.clone(), far.clone()];
    let refused = error_of(one.run_until_complete(async move { gather(&children).await }));
    let message = "The future belongs to a different loop than the one that waits for it";
    assert_eq!(refused, (Kind::Value, message.to_owned()));
    assert!(!near.done() && !far.done());
    near.set_result(()).unwrap();
    far.set_result(()).unwrap();
    settle(&one);
    settle(&other);
}

#[test]
fn test_constructor_homogenous_futures() {
    let event_loop = virtual_loop();
    let children: [Promise<i32>; 3] = promises(&event_loop);
    let first = gathered(&event_loop, Through::Promises, &children);
    settle(&event_loop);
    assert!(!first.any().done());
    let second = gathered(&event_loop, Through::Promises, &children);
    settle(&event_loop);
    assert!(!second.any().done());
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    settle(&event_loop);
    assert_eq!(first.result().unwrap(), [1, 2, 3]);
    assert_eq!(second.result().unwrap(), [1, 2, 3]);
}

async fn abc() -> Result<&'static str> {
    Ok("abc")
}

#[test]
fn test_constructor_without_loop() {
    let began = Rc::new(Cell::new(false));
    let coroutines = [(); 2].map(|()| {
        let flag = began.clone();
        async move {
            flag.set(true);
            Ok(())
        }
    });
    assert_eq!(panic_of(|| gather(coroutines)), format!("gather: {NO_LOOP}"));
    assert_eq!(
        panic_of(|| kolo_executor::gather!(abc(), abc())),
        format!("gather!: {NO_LOOP}")
    );
    assert!(!began.get());
}

#[test]
fn test_constructor_use_running_loop() {
    let event_loop = virtual_loop();
    let gather = inside(&event_loop, || gather([abc(), abc()]));
    assert!(!gather.done());
    assert_eq!(
        event_loop.run_until_complete(async move { gather.await }).unwrap(),
        ["abc", "abc"]
    );
}

#[test]
fn test_duplicate_coroutines() {
    let event_loop = virtual_loop();
    let values = event_loop.run_until_complete(async {
        let c = create_task(abc());
        let d = create_task(async { Ok("def") });
        gather([&c, &c, &d, &c]).await
    });
    assert_eq!(values.unwrap(), ["abc", "abc", "def", "abc"]);
}

#[test]
fn test_issue46672() {
    // Nothing can be gathered that cannot be awaited. What is left of the case: one child runs when the making of the next fails.
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let (trace, failed) = (Trace::new(), Rc::new(Cell::new(false)));
    let (log, flag) = (trace.clone(), failed.clone());
    event_loop
        .run_until_complete(async move {
            let children = (0..2).map(|number| {
                assert_eq!(number, 0, "no second child");
                let log = log.clone();
                async move {
                    log.log("the first child");
                    Ok(())
                }
            });
            let message = panic_of(|| gather(children));
            flag.set(message.contains("no second child"));
            Ok(())
        })
        .unwrap();
    settle(&event_loop);
    assert!(failed.get());
    assert_eq!(trace.take(), ["the first child"]);
    assert_eq!(event_loop.all_tasks(), []);
    assert!(reports.messages().is_empty());
}

// Cancelling.

#[test]
fn test_cancellation_broadcast() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let children = [(); 2].map(|()| {
        let (waiter, log) = (waiter.clone(), trace.clone());
        event_loop.create_task(async move {
            (&waiter).await?;
            log.log("inner");
            Ok(())
        })
    });
    let gatherer = Rc::new(std::cell::OnceCell::new());
    let (slot, given, log) = (gatherer.clone(), children.clone(), trace.clone());
    let outer = event_loop.create_task(async move {
        let all = gather(&given);
        assert!(slot.set(all.clone()).is_ok());
        all.await?;
        log.log("outer");
        Ok(())
    });
    ticks(&event_loop, 2);
    assert!(outer.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&outer)), Kind::Cancelled);
    let gatherer = gatherer.get().unwrap();
    assert!(!gatherer.cancel());
    assert!(!gatherer.cancelled());
    assert!(waiter.cancelled());
    assert!(children.iter().all(|child| child.cancelled() && child.cancelling() == 1));
    settle(&event_loop);
    assert!(trace.take().is_empty());
}

#[test]
fn test_cancel_gather_1() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let waited = promise.clone();
    let gather = inside(&event_loop, move || gather([async move { waited.await }]));
    tick(&event_loop);
    let (target, answer) = (gather.clone(), Rc::new(Cell::new(None)));
    let slot = answer.clone();
    promise.add_done_callback(move |_| slot.set(Some(target.cancel())));
    promise.set_result(42).unwrap();
    assert_eq!(event_loop.run_until_complete(gather.clone()).unwrap(), [42]);
    assert_eq!(answer.get(), Some(false));
    assert!(!gather.cancelled());
}

#[test]
fn test_exception_marking() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let [a, b] = promises::<(), 2>(&event_loop);
    let waited = [a.clone(), b.clone()];
    let outer = event_loop.create_task(async move {
        gather(waited.map(|promise| async move {
            promise.await?;
            Err::<(), _>(Error::runtime("should not be ignored"))
        }))
        .await
    });
    ticks(&event_loop, 2);
    a.set_result(()).unwrap();
    ticks(&event_loop, 2);
    b.set_result(()).unwrap();
    settle(&event_loop);
    assert_eq!(outer.error().unwrap().unwrap().kind(), Kind::Runtime);
    drop(outer);
    assert!(reports.messages().is_empty(), "the second error counts as seen");
}

// shield.

#[test]
fn test_shield_result() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    promise.set_result(42).unwrap();
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

#[test]
fn test_shield_exception() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    let error = boom("expected");
    promise.set_error(error.clone()).unwrap();
    assert!(!outer.done());
    tick(&event_loop);
    assert!(outer.error().unwrap().unwrap().ptr_eq(&error));
    assert!(!promise.has_unretrieved_error());
}

#[test]
fn test_shield_cancel_inner() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    promise.cancel();
    assert!(!outer.done());
    tick(&event_loop);
    assert!(outer.cancelled());
}

#[test]
fn test_shield_cancel_outer() {
    let event_loop = virtual_loop();
    let (dropped, flag) = common::DropFlag::new();
    let promise = event_loop.create_promise::<()>();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(&inner));
    outer.add_done_callback(move |_| drop(flag));
    assert!(outer.cancel());
    assert!(outer.cancelled() && !promise.done());
    assert!(!dropped.get(), "its callbacks run a hop later");
    tick(&event_loop);
    assert!(dropped.get());
    promise.set_result(()).unwrap();
    let before = event_loop.iterations();
    settle(&event_loop);
    assert_eq!(
        event_loop.iterations(),
        before + 1,
        "nothing of the shield is left on what it shielded"
    );
}

#[test]
fn test_shield_shortcut() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    promise.set_result(42).unwrap();
    let inner = promise.clone();
    let outer = inside(&event_loop, move || shield(inner));
    assert!(outer.ptr_eq(&promise), "the promise itself");
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

#[test]
fn test_shield_effect() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let waiter = event_loop.create_promise::<()>();
    let (inner_log, outer_log, waited) = (trace.clone(), trace.clone(), waiter.clone());
    let outer = event_loop.create_task(async move {
        let inner = async move {
            waited.await?;
            inner_log.log("inner");
            Ok(())
        };
        shield(inner).await?;
        outer_log.log("outer");
        Ok(())
    });
    ticks(&event_loop, 2);
    assert!(outer.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(outer)), Kind::Cancelled);
    assert!(!waiter.done());
    waiter.set_result(()).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["inner"]);
}

#[test]
fn test_shield_gather() {
    let event_loop = virtual_loop();
    let children: [Promise<i32>; 2] = promises(&event_loop);
    let given = children.clone();
    let (parent, outer) = inside(&event_loop, move || {
        let parent = gather(given);
        (parent.clone(), shield(parent))
    });
    assert!(outer.cancel());
    tick(&event_loop);
    assert!(outer.cancelled() && !parent.done());
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    tick(&event_loop);
    assert_eq!(parent.result().unwrap(), [1, 2]);
}

#[test]
fn test_gather_shield() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let children: [Promise<i32>; 2] = promises(&event_loop);
    let given = children.clone();
    let (shields, parent) = inside(&event_loop, move || {
        let shields = given.map(|child| shield(&child));
        (shields.clone(), gather(shields))
    });
    assert!(parent.cancel());
    tick(&event_loop);
    assert!(!parent.cancelled());
    assert_eq!(parent.error().unwrap().unwrap().kind(), Kind::Cancelled);
    assert!(shields.iter().all(|outer| outer.cancelled()));
    assert!(children.iter().all(|child| !child.done()));
    for (child, value) in children.iter().zip(1..) {
        child.set_result(value).unwrap();
    }
    settle(&event_loop);
    assert!(reports.messages().is_empty());
}

#[test]
fn test_shield_coroutine_without_loop() {
    let (dropped, flag) = common::DropFlag::new();
    let message = panic_of(|| {
        shield(async move {
            let _flag = flag;
            Ok(42)
        })
    });
    assert_eq!(message, format!("shield: {NO_LOOP}"));
    assert!(dropped.get());
}

#[test]
fn test_shield_coroutine_use_running_loop() {
    let event_loop = virtual_loop();
    let outer = inside(&event_loop, || shield(async { Ok(42) }));
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), 42);
}

#[test]
fn test_shield_late_error() {
    // Once the shield is cancelled, an error behind it is nobody's; in the same iteration it counts as seen.
    for (same_iteration, expected) in [(false, 1), (true, 0)] {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let promise = event_loop.create_promise::<()>();
        let inner = promise.clone();
        let outer = inside(&event_loop, move || shield(&inner));
        outer.cancel();
        if !same_iteration {
            tick(&event_loop);
        }
        promise.set_error(boom("late")).unwrap();
        settle(&event_loop);
        drop((promise, outer));
        assert_eq!(reports.messages(), vec!["Promise exception was never retrieved"; expected]);
    }
}

#[test]
fn test_gather_in_sleep() {
    // The hops of a gather: the sleeps end, the gather learns of it, the task goes on.
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        let children = [0.1, 0.1].map(|delay| {
            let log = log.clone();
            async move {
                sleep(delay).await?;
                log.start();
                log.tick("child");
                Ok(())
            }
        });
        gather(children).await?;
        log.tick("gathered");
        assert_eq!(running_loop().time(), 0.1);
        Ok(())
    })
    .unwrap();
    assert_eq!(trace.take(), ["+0 child", "+0 child", "+2 gathered"]);
}

//! CPython's test_tasks: what a task is, how it is made, named, shown and reported. One test for each case, under the case's name.

mod common;

use std::cell::{Cell, OnceCell, RefCell};
use std::future::{Ready, ready};
use std::pin::Pin;
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context as PollContext, Poll};
use std::time::Duration;

use common::{Reports, Trace, boom, error_of, kind_of, panic_of, run, tick, ticks, virtual_loop};
use kolo_executor::{
    AnyTask, Clock, Context, ContextVar, EventLoop, Kind, Observer, Promise, Result, Task, all_tasks, create_task, current_task,
    ensure_future, gather, running_loop, sleep, sleep_with, try_running_loop, wait,
};

async fn ok() -> Result<&'static str> {
    Ok("ok")
}

/// A handle that the coroutine it belongs to can look up.
fn own_task<T>() -> Rc<OnceCell<Task<T>>> {
    Rc::new(OnceCell::new())
}

// Making tasks.

#[test]
fn test_task_class() {
    let first = virtual_loop();
    let task = first.create_task(ok());
    assert_eq!(first.run_until_complete(&task).unwrap(), "ok");
    assert!(task.done());
    assert_eq!(task.result().unwrap(), "ok");
    assert_eq!(task.event_loop().unwrap(), first);

    let second = virtual_loop();
    let task = second.create_task(ok());
    assert_eq!(task.event_loop().unwrap(), second);
    assert_ne!(task.event_loop().unwrap(), first);
    assert_eq!(second.run_until_complete(task).unwrap(), "ok");
}

#[test]
fn test_ensure_future_coroutine() {
    let event_loop = virtual_loop();
    let task = event_loop.run_until_complete(async { Ok(ensure_future(ok())) }).unwrap();
    assert_eq!(task.event_loop().unwrap(), event_loop);
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), "ok");
    assert!(task.done());

    // Without a loop the coroutine is dropped before it has run.
    let (dropped, flag) = common::DropFlag::new();
    let coroutine = async move {
        let _flag = flag;
        panic!("it never runs")
    };
    let message = panic_of(|| ensure_future::<Pin<Box<dyn Future<Output = Result<()>>>>>(Box::pin(coroutine)));
    assert_eq!(
        message,
        "ensure_future: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`"
    );
    assert!(dropped.get());
}

#[test]
fn test_ensure_future_task() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    let same = task.clone();
    event_loop
        .run_until_complete(async move {
            let handle = ensure_future(&same);
            assert!(handle.ptr_eq(&same));
            assert!(ensure_future(handle).ptr_eq(&same));
            same.await
        })
        .unwrap();

    // Another loop refuses it, and its state does not change.
    let other = virtual_loop();
    let foreign = event_loop.create_task(ok());
    let refused = error_of(other.run_until_complete(&foreign));
    let message = "The future belongs to a different loop than the one that waits for it";
    assert_eq!(refused, (Kind::Value, message.to_owned()));
    assert!(!foreign.done());
    assert_eq!(event_loop.run_until_complete(foreign).unwrap(), "ok");
}

/// Something that can be awaited and is no future.
struct Awaitable(Ready<Result<&'static str>>);

impl IntoFuture for Awaitable {
    type Output = Result<&'static str>;
    type IntoFuture = Ready<Result<&'static str>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0
    }
}

#[test]
fn test_ensure_future_awaitable() {
    let awaitable = Awaitable(ready(Ok("ok")));
    let event_loop = virtual_loop();
    assert_eq!(event_loop.run_until_complete(awaitable.into_future()).unwrap(), "ok");
}

#[test]
fn test_ensure_future_task_awaitable() {
    struct Slow;
    impl IntoFuture for Slow {
        type Output = Result<&'static str>;
        type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

        fn into_future(self) -> Self::IntoFuture {
            Box::pin(sleep_with(0, "ok"))
        }
    }
    let event_loop = virtual_loop();
    let task = event_loop.create_task(Slow.into_future());
    tick(&event_loop);
    assert!(!task.done());
    tick(&event_loop);
    assert_eq!(task.result().unwrap(), "ok");
}

#[test]
fn test_create_task_with_async_function() {
    for _ in 0..2 {
        let event_loop = virtual_loop();
        let task: Task<&str> = event_loop.create_task(ok());
        assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
    }
}

/// A future written by hand: suspends once, then gives 42.
struct ByHand {
    suspended: bool,
}

impl Future for ByHand {
    type Output = Result<i32>;

    fn poll(mut self: Pin<&mut Self>, context: &mut PollContext<'_>) -> Poll<Result<i32>> {
        if std::mem::replace(&mut self.suspended, true) {
            return Poll::Ready(Ok(42));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn test_create_task_with_asynclike_function() {
    for _ in 0..2 {
        let event_loop = virtual_loop();
        let task = event_loop.create_task(ByHand { suspended: false });
        assert_eq!(event_loop.run_until_complete(task).unwrap(), 42);
        assert_eq!(event_loop.iterations(), 3);
    }
}

#[test]
fn test_bare_create_task() {
    let outcome = run(async {
        let task = create_task(async { Ok(1) });
        task.await
    });
    assert_eq!(outcome.unwrap(), 1);
}

#[test]
fn test_bare_create_named_task() {
    let name = run(async {
        let task = Task::<()>::builder().name("No-op").spawn(async { Ok(()) });
        let name = task.name();
        task.await?;
        Ok(name)
    });
    assert_eq!(name.unwrap(), "No-op");
}

#[test]
fn test_coroutine_non_gen_function() {
    let event_loop = virtual_loop();
    assert_eq!(event_loop.run_until_complete(ok()).unwrap(), "ok");
    // The step, and the iteration in which the loop is told to stop.
    assert_eq!(event_loop.iterations(), 2);
}

#[test]
fn test_coroutine_non_gen_function_return_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<&str>();
    let value = promise.clone();
    let first = event_loop.create_task(async move { Ok(value) });
    let setter = promise.clone();
    let second = event_loop.create_task(async move { setter.set_result("test") });
    let returned = event_loop.run_until_complete(first).unwrap();
    assert!(returned.ptr_eq(&promise));
    assert_eq!(returned.result().unwrap(), "test");
    second.result().unwrap();
}

#[test]
fn test_error_in_call_soon() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.close().unwrap();
    let (dropped, flag) = common::DropFlag::new();
    let task = event_loop.create_task(async move {
        let _flag = flag;
        Ok(())
    });
    // A closed loop takes no task: the coroutine is gone, and the handle says why.
    assert!(dropped.get());
    assert_eq!(event_loop.all_tasks(), []);
    assert!(task.done());
    assert!(task.has_unretrieved_error());
    drop(task);
    let reports = reports.take();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].message, "Task exception was never retrieved");
    let error = reports[0].error.as_ref().unwrap();
    assert_eq!((error.kind(), error.message()), (Kind::Runtime, "Event loop is closed"));
}

// Outcomes.

#[test]
fn test_task_del_collect() {
    // No garbage is collected here. What is left of the case: results whose destructors use the loop do it no harm.
    struct Evil;
    impl Drop for Evil {
        fn drop(&mut self) {
            if let Ok(event_loop) = try_running_loop() {
                event_loop.call_soon(|| ()).cancel();
                event_loop.create_task(async { Ok(()) }).cancel();
                drop(event_loop.all_tasks());
            }
        }
    }
    let event_loop = virtual_loop();
    event_loop
        .run_until_complete(async {
            let tasks: Vec<_> = (0..100).map(|_| create_task(async { Ok(Evil) })).collect();
            // Half of the results are dropped with their tasks, half with the list.
            for task in &tasks[..50] {
                task.clone().await?;
            }
            let results = gather(tasks.into_iter().skip(50)).await?;
            assert_eq!(results.len(), 50);
            Ok(())
        })
        .unwrap();
    ticks(&event_loop, 3);
    assert_eq!(event_loop.all_tasks(), []);
}

#[test]
fn test_task_awaits_on_itself() {
    let event_loop = virtual_loop();
    let own = own_task::<()>();
    let trace = Trace::new();
    let (slot, log) = (own.clone(), trace.clone());
    let task = event_loop.create_task(async move {
        log.start();
        let own = slot.get().unwrap().clone();
        own.set_name("narcissus");
        let outcome = (&own).await;
        log.tick(format!("{:?}", outcome.as_ref().unwrap_err()));
        outcome
    });
    own.set(task.clone()).unwrap_or_else(|_| unreachable!());
    let outcome = error_of(event_loop.run_until_complete(task));
    assert_eq!(
        outcome,
        (Kind::Runtime, "Task cannot await on itself: 'narcissus'".to_owned())
    );
    assert_eq!(trace.take(), ["+1 Runtime: Task cannot await on itself: 'narcissus'"]);
}

#[test]
fn test_task_set_methods() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    task.set_name("settled");
    let (kind, message) = error_of(task.set_result("no"));
    assert_eq!(kind, Kind::Runtime);
    assert!(message.contains("does not support set_result"), "{message}");
    let (kind, message) = error_of(task.set_error(boom("no")));
    assert_eq!(kind, Kind::Runtime);
    assert!(message.contains("does not support set_error"), "{message}");
    assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
}

/// Counts how often tasks are woken.
#[derive(Default)]
struct Wakes(Cell<usize>);

impl Observer for Wakes {
    fn woken(&self, _: &AnyTask, _: Option<&AnyTask>) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn test_step_result_future() {
    let event_loop = virtual_loop();
    let wakes = Rc::new(Wakes::default());
    let promise = event_loop.create_promise::<Rc<str>>();
    let got = Rc::new(RefCell::new(None));
    let (waited, result) = (promise.clone(), got.clone());
    let task = event_loop.create_task(async move {
        *result.borrow_mut() = Some((&waited).await?);
        Ok(())
    });
    tick(&event_loop);
    event_loop.set_observer(Some(wakes.clone()));
    let value: Rc<str> = Rc::from("value");
    promise.set_result(value.clone()).unwrap();
    assert_eq!(wakes.0.get(), 1);
    tick(&event_loop);
    assert!(Rc::ptr_eq(got.borrow().as_ref().unwrap(), &value));
    task.result().unwrap();
}

#[test]
fn test_subclasses_ctask_cfuture() {
    // There are no subclasses. What is left of the case: one wake-up for a promise, one for the task's end.
    let event_loop = virtual_loop();
    let wakes = Rc::new(Wakes::default());
    let promise = event_loop.create_promise::<&str>();
    let task = event_loop.create_task(async move {
        let setter = promise.clone();
        running_loop().call_soon(move || setter.set_result("spam").unwrap());
        promise.await
    });
    tick(&event_loop);
    event_loop.set_observer(Some(wakes.clone()));
    let awaiting = task.clone();
    let outer = event_loop.create_task(async move { awaiting.await });
    assert_eq!(wakes.0.replace(0), 1, "the first step of the outer task");
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), "spam");
    assert_eq!(wakes.0.get(), 2, "the promise wakes the task, the task wakes the outer one");
}

#[test]
fn test_stop_while_run_in_complete() {
    let event_loop = virtual_loop();
    let slept = Rc::new(Cell::new(0));
    let count = slept.clone();
    let task = event_loop.create_task(async move {
        while count.get() < 10 {
            sleep(0.1).await?;
            count.set(count.get() + 1);
            if count.get() == 2 {
                running_loop().stop();
            }
        }
        Ok(())
    });
    let stopped = error_of(event_loop.run_until_complete(&task));
    assert_eq!(
        stopped,
        (Kind::Runtime, "Event loop stopped before Future completed.".to_owned())
    );
    assert!(!task.done());
    assert_eq!(slept.get(), 2);
    assert_eq!(event_loop.time(), 0.2);
    assert_eq!(
        event_loop.turn().unwrap(),
        kolo_executor::Turn::Now,
        "the third sleep had begun"
    );
    assert_eq!(event_loop.time(), 0.3);

    task.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert_eq!((slept.get(), event_loop.time()), (2, 0.3));
}

// Names, and how tasks are shown.

#[test]
fn test_task_repr() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async { Ok("abc") });
    task.set_name("TestTask");
    task.add_done_callback(|_| ());
    let place = task.created_at();
    assert_eq!(
        format!("{task:?}"),
        format!("<Task pending name='TestTask' created at {place}>")
    );
    task.cancel();
    assert_eq!(
        format!("{task:?}"),
        format!("<Task cancelling name='TestTask' created at {place}>")
    );
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert_eq!(
        format!("{task:?}"),
        format!("<Task cancelled name='TestTask' created at {place}>")
    );

    let task = event_loop.create_task(async { Ok("abc") });
    task.set_name("TestTask");
    event_loop.run_until_complete(&task).unwrap();
    let place = task.created_at();
    let shown = format!("<Task finished name='TestTask' created at {place} result=\"abc\">");
    assert_eq!(format!("{task:?}"), shown);

    let task = event_loop.create_task(async { Err::<(), _>(boom("no")) });
    task.set_name("TestTask");
    event_loop.run_until_complete(&task).unwrap_err();
    let place = task.created_at();
    let shown = format!("<Task finished name='TestTask' created at {place} error=Other('no')>");
    assert_eq!(format!("{task:?}"), shown);
}

#[test]
fn test_task_repr_autogenerated() {
    let event_loop = virtual_loop();
    let tasks = [event_loop.create_task(ok()), event_loop.create_task(ok())];
    let numbers = tasks.each_ref().map(|task| {
        let shown = format!("{task:?}");
        let name = task.name();
        assert!(shown.starts_with(&format!("<Task pending name='{name}' ")), "{shown}");
        name.strip_prefix("Task-").expect("Task-N").parse::<u64>().unwrap()
    });
    assert_eq!(numbers[1], numbers[0] + 1);
    event_loop.run_until_complete(gather_all(tasks)).unwrap();
}

async fn gather_all<const N: usize>(tasks: [Task<&'static str>; N]) -> Result<Vec<&'static str>> {
    gather(tasks).await
}

#[test]
fn test_task_repr_wait_for() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let waited = promise.clone();
    let task = event_loop.create_task(async move { (&waited).await });
    let before = format!("{task:?}");
    assert!(!before.contains("waiting for"), "{before}");
    tick(&event_loop);
    let shown = format!("{task:?}");
    assert!(shown.contains(" waiting for <Promise pending> at "), "{shown}");
    promise.set_result(()).unwrap();
    event_loop.run_until_complete(task).unwrap();
}

#[test]
fn test_task_set_name_pylong() {
    // A name is whatever can be shown.
    let event_loop = virtual_loop();
    let task = event_loop
        .run_until_complete(async { Ok(Task::builder().name(987_654_321).spawn(ok())) })
        .unwrap();
    assert_eq!(task.name(), "987654321");
    task.set_name(123_456_789);
    assert_eq!(task.name(), "123456789");
    event_loop.run_until_complete(task).unwrap();
}

#[test]
fn test_task_repr_name_not_str() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    task.set_name(format_args!("{:?}", [6]));
    assert!(format!("{task:?}").starts_with("<Task pending name='[6]' "));
    event_loop.run_until_complete(task).unwrap();
}

#[test]
fn test_get_stack() {
    // Not the frames of the interpreter, but the places of the awaits, from the innermost out.
    async fn wait_for_it(promise: Promise<()>) -> Result<()> {
        promise.await
    }
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise();
    let inner = event_loop.create_task(wait_for_it(promise.clone()));
    inner.set_name("inner");
    let awaited = inner.clone();
    let outer = event_loop.create_task(async move {
        let running = current_task().unwrap().stack();
        awaited.await?;
        Ok(running)
    });
    outer.set_name("outer");
    ticks(&event_loop, 2);
    let stack = outer.stack();
    let lines: Vec<&str> = stack.lines().collect();
    assert_eq!(lines.len(), 3, "{stack}");
    assert!(lines[0].starts_with("<Task pending name='outer' "), "{stack}");
    assert!(
        lines[1].contains("waits for inner at ") && lines[1].contains(file!()),
        "{stack}"
    );
    assert!(
        lines[2].contains("waits for <Promise pending> at ") && lines[2].contains(file!()),
        "{stack}"
    );
    promise.set_result(()).unwrap();
    let running = event_loop.run_until_complete(outer).unwrap();
    assert!(running.ends_with("is running"), "{running}");
}

#[test]
fn test_task_source_traceback() {
    let event_loop = virtual_loop();
    let (task, line) = (event_loop.create_task(ok()), line!());
    assert_eq!((task.created_at().file(), task.created_at().line()), (file!(), line));
    event_loop.run_until_complete(&task).unwrap();
    assert_eq!(task.created_at().line(), line);
}

#[test]
fn test_future_subclass() {
    fn is_pending(promise: &Promise<&'static str>) -> bool {
        !promise.done()
    }
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    assert!(is_pending(&task), "a task is a promise");
    event_loop.run_until_complete(&task).unwrap();
    assert!(!is_pending(&task));
}

// The running task.

#[test]
fn test_current_task() {
    let event_loop = virtual_loop();
    assert_eq!(current_task(), None);
    let own = own_task::<()>();
    let slot = own.clone();
    let task = event_loop.create_task(async move {
        assert_eq!(current_task().unwrap(), slot.get().unwrap().as_any_task());
        sleep(0).await?;
        assert_eq!(current_task().unwrap(), slot.get().unwrap().as_any_task());
        Ok(())
    });
    own.set(task.clone()).unwrap_or_else(|_| unreachable!());
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(current_task(), None);
}

#[test]
fn test_current_task_with_interleaving_tasks() {
    fn name() -> String {
        current_task().map_or_else(|| "none".to_owned(), |task| task.name())
    }
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (first, second) = (event_loop.create_promise::<()>(), event_loop.create_promise::<()>());
    let (log, waited, set) = (trace.clone(), first.clone(), second.clone());
    let one = event_loop.create_task(async move {
        log.log(name());
        waited.await?;
        log.log(name());
        set.set_result(())
    });
    one.set_name("one");
    let log = trace.clone();
    let two = event_loop.create_task(async move {
        log.log(name());
        first.set_result(())?;
        second.await?;
        log.log(name());
        Ok(())
    });
    two.set_name("two");
    event_loop.run_until_complete(async move { wait([one, two]).await }).unwrap();
    trace.log(name());
    assert_eq!(trace.take(), ["one", "two", "one", "two", "none"]);
}

#[test]
fn test_current_task_no_running_loop() {
    // A loop that stands still has no running task, whatever it holds.
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    assert_eq!(current_task(), None);
    tick(&event_loop);
    assert!(task.done());
    assert_eq!(current_task(), None);
}

#[test]
fn test_current_task_no_running_loop_implicit() {
    // No task runs where no loop does: `current_task` says so by `None`, what asks for the loop by an error.
    assert_eq!(current_task(), None);
    let refused = error_of(try_running_loop());
    assert_eq!(refused, (Kind::Runtime, "no running event loop".to_owned()));
}

#[test]
fn test_enter_task_failure() {
    // A step within a step: the loop refuses to run, and the running task stays what it was.
    let event_loop = virtual_loop();
    let inner = event_loop.create_task(ok());
    let (this, waited) = (event_loop.clone(), inner.clone());
    let outer = event_loop.create_task(async move {
        let before = current_task();
        let refused = error_of(this.run_until_complete(waited));
        assert_eq!(refused, (Kind::Runtime, "This event loop is already running".to_owned()));
        let refused = error_of(this.turn());
        assert_eq!(refused, (Kind::Runtime, "This event loop is already running".to_owned()));
        assert_eq!(current_task(), before);
        Ok(before.unwrap().name())
    });
    assert_eq!(event_loop.run_until_complete(&outer).unwrap(), outer.name());
    assert_eq!(inner.result().unwrap(), "ok");
}

#[test]
fn test_register_task_3() {
    // The hook is CPython's own. What is left of the case: `all_tasks` never names a task that is done.
    let event_loop = virtual_loop();
    let done = event_loop.create_task(ok());
    let pending = event_loop.create_task(async {
        let own = current_task().unwrap();
        assert_eq!(all_tasks(), [own]);
        Ok(())
    });
    assert_eq!(event_loop.all_tasks(), [done.as_any_task(), pending.as_any_task()]);
    tick(&event_loop);
    pending.result().unwrap();
    assert!(done.done());
    assert_eq!(event_loop.all_tasks(), []);
}

// Contexts.

#[test]
fn test_context_1() {
    static VAR: ContextVar<&str> = ContextVar::with_default("var", || "nope");
    run(async {
        assert_eq!(VAR.get(), Some("nope"));
        let sub = create_task(async {
            sleep(0.01).await?;
            assert_eq!(VAR.get(), Some("nope"));
            VAR.set("something else");
            Ok(())
        });
        VAR.set("yes");
        assert_eq!(VAR.get(), Some("yes"));
        sub.await?;
        assert_eq!(VAR.get(), Some("yes"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_context_2() {
    static VAR: ContextVar<String> = ContextVar::with_default("var", || "nope".to_owned());
    let trace = Trace::new();
    let log = trace.clone();
    run(async move {
        assert_eq!(VAR.get().unwrap(), "nope");
        for j in 0..2 {
            let promise = Promise::new();
            let log = log.clone();
            promise.add_done_callback(move |_| {
                // In the context of the registration; what is set here stays here.
                log.log(VAR.get().unwrap());
                VAR.set("something else".to_owned());
            });
            VAR.set(format!("yes{j}"));
            let setter = promise.clone();
            running_loop().call_soon(move || setter.set_result(()).unwrap());
            promise.await?;
            assert_eq!(VAR.get().unwrap(), format!("yes{j}"));
            for i in 0..3 {
                VAR.set(format!("yes{i}-{j}"));
                sleep(0.001).await?;
                assert_eq!(VAR.get().unwrap(), format!("yes{i}-{j}"));
            }
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(trace.take(), ["nope", "yes2-0"]);
    assert_eq!(VAR.get().unwrap(), "nope");
}

#[test]
fn test_context_3() {
    static VAR: ContextVar<i32> = ContextVar::with_default("var", || -1);
    run(async {
        let tasks = (0..100).map(|number| {
            create_task(async move {
                for step in 0..10 {
                    VAR.set(number + step);
                    sleep(0.001 * f64::from((number * 7 + step * 13) % 50 + 1)).await?;
                    assert_eq!(VAR.get(), Some(number + step));
                }
                Ok(())
            })
        });
        gather(tasks.collect::<Vec<_>>()).await?;
        assert_eq!(VAR.get(), Some(-1));
        Ok(())
    })
    .unwrap();
    assert_eq!(VAR.get(), Some(-1));
}

static SHARED: ContextVar<i32> = ContextVar::new("shared");

async fn set_shared(value: i32) -> Result<()> {
    sleep(0).await?;
    SHARED.set(value);
    Ok(())
}

fn shared_in(context: &Context) -> Option<i32> {
    context.run(|| SHARED.get())
}

#[test]
fn test_context_4() {
    // A task that is given a context runs in that very one.
    let seen = run(async {
        let context = Context::current();
        let mut seen = vec![shared_in(&context)];
        for value in [1, 2] {
            Task::builder().context(context.clone()).spawn(set_shared(value)).await?;
            seen.push(shared_in(&context));
        }
        assert_eq!(SHARED.get(), None);
        Ok(seen)
    });
    assert_eq!(seen.unwrap(), [None, Some(1), Some(2)]);
}

#[test]
fn test_context_6() {
    // The loop's own `create_task` has no argument for the context: it copies the current one.
    let event_loop = virtual_loop();
    let context = Context::new();
    let task = context.run(|| {
        SHARED.set(0);
        event_loop.create_task(set_shared(1))
    });
    event_loop.run_until_complete(&task).unwrap();
    assert_eq!(shared_in(&context), Some(0));
    assert_eq!(shared_in(&task.context()), Some(1));
    assert_eq!(SHARED.get(), None);

    // The builder has one, and makes its task on the running loop.
    let given = context.clone();
    let seen = event_loop.run_until_complete(async move {
        let mut seen = vec![shared_in(&given)];
        for value in [1, 2] {
            Task::builder().context(given.clone()).spawn(set_shared(value)).await?;
            seen.push(shared_in(&given));
        }
        Ok(seen)
    });
    assert_eq!(seen.unwrap(), [Some(0), Some(1), Some(2)]);
}

#[test]
fn test_get_context() {
    let event_loop = virtual_loop();
    let context = Context::new();
    let given = context.clone();
    let task = event_loop
        .run_until_complete(async move {
            let task = Task::builder().context(given).spawn(set_shared(7));
            (&task).await?;
            Ok(task)
        })
        .unwrap();
    // The very context: what is set through one handle is seen through the other.
    assert_eq!(shared_in(&task.context()), Some(7));
    task.context().run(|| SHARED.set(8));
    assert_eq!(shared_in(&context), Some(8));
    context.run(|| SHARED.set(9));
    assert_eq!(shared_in(&task.as_any_task().context()), Some(9));
    assert_eq!(SHARED.get(), None);
}

// Reports.

#[test]
fn test_log_destroyed_pending_task() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.set_deadlock_detection(false);
    let task = event_loop
        .create_task(async {
            Promise::<()>::new().await?;
            Ok(())
        })
        .as_any_task();
    assert_eq!(event_loop.all_tasks(), std::slice::from_ref(&task));
    tick(&event_loop);
    // The loop owns its tasks: only with the loop can one go before it is done.
    assert_eq!(event_loop.all_tasks(), std::slice::from_ref(&task));
    event_loop.close().unwrap();
    assert_eq!(event_loop.all_tasks(), []);
    let reports = reports.take();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].message, "Task was destroyed but it is pending!");
    assert_eq!(reports[0].task, Some(task));
    assert!(reports[0].error.is_none());
}

#[test]
fn test_tb_logger_not_called_after_cancel() {
    for cancels in [true, false] {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let outcome = event_loop.run_until_complete(async move {
            let task = create_task(async { Err::<(), _>(boom("nobody looks")) });
            sleep(0.05).await?;
            assert!(task.done());
            if cancels {
                assert!(!task.cancel());
            }
            Ok(())
        });
        outcome.unwrap();
        let expected: &[&str] = if cancels {
            &[]
        } else {
            &["Task exception was never retrieved"]
        };
        assert_eq!(reports.messages(), expected);
    }
}

// Debug mode.

#[test]
fn test_env_var_debug() {
    const CHILD: &str = "KOLO_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let debug = EventLoop::new().unwrap().debug();
        println!("debug mode is {debug}");
        return assert_eq!(std::env::var("KOLO_DEBUG").is_ok_and(|value| value == "1"), debug);
    }
    for (value, expected) in [
        (None, "debug mode is false"),
        (Some(""), "debug mode is false"),
        (Some("1"), "debug mode is true"),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "test_env_var_debug", "--nocapture"]).env(CHILD, "1");
        match value {
            Some(value) => child.env("KOLO_DEBUG", value),
            None => child.env_remove("KOLO_DEBUG"),
        };
        let output = child.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(text.contains(expected), "KOLO_DEBUG={value:?}: {text}");
    }
}

// Other threads.

/// Keeps the loop of this thread busy with a task until `done` is told of in the other.
async fn until<T: Send + 'static>(done: mpsc::Receiver<T>) -> Result<T> {
    loop {
        match done.try_recv() {
            Ok(value) => return Ok(value),
            Err(mpsc::TryRecvError::Empty) => sleep(0).await?,
            Err(gone) => return Err(gone.into()),
        }
    }
}

/// Has another thread spawn a coroutine and wait for it, and returns what it has got.
fn in_another_thread<T, C>(event_loop: &EventLoop, make: impl FnOnce() -> C + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    C: Future<Output = Result<T>> + 'static,
{
    let remote = event_loop.remote();
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || sender.send(remote.spawn(make).wait()).unwrap());
    let outcome = event_loop.run_until_complete(until(receiver)).unwrap();
    thread.join().unwrap();
    outcome
}

#[test]
fn test_run_coroutine_threadsafe() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let sum = in_another_thread(&event_loop, || async {
        sleep(0).await?;
        Ok(1 + 2)
    });
    assert_eq!(sum.unwrap(), 3);
}

#[test]
fn test_run_coroutine_threadsafe_with_exception() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let reports = Reports::of(&event_loop);
    let outcome = in_another_thread(&event_loop, || async {
        sleep(0).await?;
        Err::<i32, _>(boom("Fail!"))
    });
    assert_eq!(error_of(outcome), (Kind::Other, "Fail!".to_owned()));
    assert!(reports.messages().is_empty());
}

#[test]
fn test_run_coroutine_threadsafe_task_cancelled() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = in_another_thread(&event_loop, || async {
        current_task().unwrap().cancel();
        sleep(0).await?;
        Ok(1 + 2)
    });
    assert_eq!(kind_of(outcome), Kind::Cancelled);
}

#[test]
fn test_run_coroutine_threadsafe_task_factory_exception() {
    // The closure that makes the coroutine stands for the factory.
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let reports = Reports::of(&event_loop);
    let outcome: Result<()> = in_another_thread(&event_loop, || -> Ready<Result<()>> { panic!("no coroutine") });
    assert_eq!(error_of(outcome), (Kind::Panic, "no coroutine".to_owned()));
    assert_eq!(reports.messages(), ["Exception in callback"]);
}

#[test]
fn test_run_coroutine_threadsafe_with_timeout() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let remote = event_loop.remote();
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let handle = remote.spawn(|| async { Promise::<()>::new().await });
        let late = handle.wait_timeout(Duration::ZERO);
        handle.cancel();
        sender.send(late.unwrap_err().kind()).unwrap();
    });
    assert_eq!(event_loop.run_until_complete(until(receiver)).unwrap(), Kind::Timeout);
    thread.join().unwrap();
    // The task was made in one iteration at the latest, and is cancelled in the next.
    ticks(&event_loop, 2);
    assert_eq!(event_loop.all_tasks(), []);
}

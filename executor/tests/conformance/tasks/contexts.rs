//! The context of a task.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Context, ContextVar, Promise, Result, Task, create_task, gather, running_loop, sleep};

use crate::support::runs::virtual_loop;

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

//! Through which tasks an error came, and how that is shown: innermost last, as a Python reader expects.

use kolo_executor::testing::run;
use kolo_executor::{
    Error, Promise, Result, Task, as_completed, create_task, gather, running_loop, shield, sleep, task_group, timeout, wait,
    wait_for,
};

use super::line_in;
use crate::support::runs::virtual_loop;

/// The trail in words: each task, its line of creation, and the line where it was awaited, as far as they are known; then the line of the error.
fn trail(error: &Error) -> String {
    let line = |place| line_in("errors/trails.rs", Some(place)).to_string();
    let passages = error.trail().map(|passage| {
        let known = [passage.created_at(), passage.awaited_at()].map(|place| place.map_or("?".to_owned(), line));
        format!("{} {}", passage.task().unwrap_or("promise"), known.join(" "))
    });
    let place = error.place().map(|place| format!("at {}", line(place)));
    passages.chain(place).collect::<Vec<_>>().join(", ")
}

fn named<T: 'static>(name: &str, coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
    let task = create_task(coroutine);
    task.set_name(name);
    task
}

/// The line where such a task is created.
const NAMED: u32 = line!() - 6;

async fn bad() -> Result<()> {
    sleep(1).await?;
    Err(Error::value("bad"))
}

/// The line of that error.
const BAD: u32 = line!() - 4;

#[test]
fn an_error_tells_the_tasks_that_it_came_through() {
    let outcome = run(async {
        let outer = named("outer", async {
            let inner = named("inner", bad());
            inner.await
        });
        outer.await
    });
    let line = line!() - 4;
    let error = outcome.unwrap_err();
    let mut passages = error.trail();
    let main = passages.next().unwrap();
    assert!(main.task().unwrap().starts_with("Task-"), "{main:?}");
    assert_eq!(line_in("errors/trails.rs", main.awaited_at()), line - 3);
    assert_eq!(main.created_at().unwrap().line(), line - 3);
    let outer = passages.next().unwrap();
    assert_eq!((outer.task(), outer.created_at().unwrap().line()), (Some("outer"), NAMED));
    assert_eq!(line_in("errors/trails.rs", outer.awaited_at()), line + 2);
    let inner = passages.next().unwrap();
    assert_eq!(line_in("errors/trails.rs", inner.awaited_at()), line);
    assert!(passages.next().is_none());
    assert_eq!(line_in("errors/trails.rs", error.place()), BAD);
}

#[test]
fn each_way_of_awaiting_tells_its_line() {
    run(async {
        let task = || named("child", bad());
        let told = |outcome: Result<()>| trail(&outcome.unwrap_err());
        let at = |line: u32| format!("child {NAMED} {line}, at {BAD}");
        assert_eq!(told(task().await), at(line!()));
        assert_eq!(told((&task()).await), at(line!()));
        assert_eq!(told((&task().as_any()).await), at(line!()));
        assert_eq!(told(gather([task()]).await.map(drop)), at(line!()));
        assert_eq!(told(kolo_executor::gather!(task()).await.map(drop)), at(line!()));
        assert_eq!(told(gather([gather([task()])]).await.map(drop)), at(line!()));
        assert_eq!(told(shield(task()).await), at(line!()));
        assert_eq!(told(shield(gather([task()])).await.map(drop)), at(line!()));
        assert_eq!(told(as_completed([task()]).next().await.unwrap()), at(line!()));
        assert_eq!(told(timeout(5, task()).await), at(line!()));
        assert_eq!(told(wait_for(task().into_future(), 5).await), at(line!()));

        // Where that is not known, nothing is said of it.
        let unknown = format!("child {NAMED} ?, at {BAD}");
        let (done, _) = wait([task()]).await?;
        assert_eq!(told(done[0].result()), unknown);
        assert_eq!(told(done[0].take_result()), unknown);
        let outcomes = gather([task()]).return_exceptions().await?;
        assert_eq!(told(outcomes[0].clone()), unknown);
        let group = task_group(async |group| group.create_task(bad()).map(|task| task.set_name("child"))).await;
        let members = group.unwrap_err().errors().to_vec();
        let created = line!() - 2;
        assert_eq!(trail(&members[0]), format!("child {created} ?, at {BAD}"));
        // A coroutine that is awaited as it is is no task.
        assert_eq!(told(bad().await), format!("at {BAD}"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_error_of_a_promise_tells_where_the_promise_was_awaited() {
    run(async {
        let promise = Promise::<()>::new();
        let setter = promise.clone();
        running_loop().call_soon(move || setter.set_error(Error::value("bad")).unwrap());
        let set = line!() - 1;
        let error = promise.await.unwrap_err();
        assert_eq!(trail(&error), format!("promise ? {}, at {set}", line!() - 1));
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_awaiter_has_a_trail_of_its_own() {
    run(async {
        let task = named("child", bad());
        let await_it = |name: &str, times: usize| {
            let task = task.clone();
            named(name, async move {
                let mut last = Ok(());
                for _ in 0..times {
                    last = (&task).await;
                }
                last
            })
        };
        let awaiters = [await_it("first", 3), await_it("second", 1)];
        let names = |error: &Error| {
            error
                .trail()
                .map(|passage| passage.task().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        for (awaiter, name) in awaiters.into_iter().zip(["first", "second"]) {
            assert_eq!(names(&awaiter.await.unwrap_err()), [name, "child"]);
        }
        assert!(names(&task.error()?.unwrap()).is_empty(), "to itself it is no awaiter");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancellation_without_a_message_keeps_nothing() {
    run(async {
        let task = create_task(sleep(1));
        sleep(0).await?;
        task.cancel();
        let error = task.await.unwrap_err();
        assert!(error.is_cancelled() && error.trail().next().is_none() && error.place().is_none());
        assert_eq!(format!("{error:?}"), "Cancelled");
        Ok(())
    })
    .unwrap();
}

/// What `fn main() -> kolo::Result<()>` prints after `Error: `.
fn printed(error: &Error) -> String {
    format!("{error:?}")
}

#[test]
fn an_error_is_printed_as_a_traceback_that_ends_with_it() {
    let outcome = virtual_loop().run_until_complete(async {
        running_loop().all_tasks()[0].set_name("main");
        let worker = named("worker", async { gather([named("parser", bad())]).await });
        worker.await?;
        Ok(())
    });
    let last = line!() - 1;
    let file = file!();
    let expected = [
        "Traceback (innermost last):".to_owned(),
        format!("  {file}:{}, awaiting main", last - 5),
        format!("  {file}:{}, in main, awaiting worker (created at {file}:{NAMED})", last - 2),
        format!(
            "  {file}:{}, in worker, awaiting parser (created at {file}:{NAMED})",
            last - 3
        ),
        format!("  {file}:{BAD}"),
        "Value: bad".to_owned(),
    ];
    assert_eq!(printed(&outcome.unwrap_err()).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn an_error_that_came_through_no_task_is_one_line() {
    let error = Error::value("bad").with_source(Error::timeout().without_place());
    let line = line!() - 1;
    let expected = format!("{}:{line}: Value: bad\ncaused by Timeout", file!());
    assert_eq!(error.traceback().to_string(), expected);
    assert_eq!(error.to_string(), "bad");
}

#[test]
fn within_a_run_an_error_is_shown_without_its_way() {
    let outcome = run(async {
        let error = named("child", bad()).await.unwrap_err();
        assert_eq!(format!("{error:?}"), "Value: bad");
        assert_eq!(format!("{:?}", Err::<(), _>(&error)), "Err(Value: bad)");
        let (site, file) = (line!() - 3, file!());
        let expected = format!(
            "Traceback (innermost last):\n  {file}:{site}, awaiting child (created at {file}:{NAMED})\n  {file}:{BAD}\nValue: bad"
        );
        assert_eq!(error.traceback().to_string(), expected);
        assert_eq!(format!("{error:#?}"), expected);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn members_of_a_group_are_printed_with_their_own_ways() {
    let outcome = run(async { task_group(async |group| group.create_task(bad()).map(|task| task.set_name("child"))).await });
    let line = line!() - 1;
    let file = file!();
    let error = outcome.unwrap_err();
    let main = error.trail().next().unwrap().task().unwrap().to_owned();
    let expected = [
        "Traceback (innermost last):".to_owned(),
        format!("  {file}:{line}, awaiting {main}"),
        format!("  {file}:{line}"),
        "Group: unhandled errors in a TaskGroup".to_owned(),
        "  1. Traceback (innermost last):".to_owned(),
        format!("       child (created at {file}:{line})"),
        format!("       {file}:{BAD}"),
        "     Value: bad".to_owned(),
    ];
    assert_eq!(printed(&error).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn of_a_long_way_the_ends_are_printed() {
    let outcome = run(async {
        let first = named("task 0", bad());
        let last = (1..=100).fold(first, |inner, number| {
            named(&format!("task {number}"), async move { inner.await })
        });
        last.await
    });
    let text = printed(&outcome.unwrap_err());
    let lines: Vec<&str> = text.lines().collect();
    let of = |line: &str, name: &str| line.contains(&format!("awaiting {name} "));
    assert_eq!(lines.len(), 1 + 10 + 1 + 10 + 1 + 1, "{text}");
    assert!(of(lines[2], "task 100") && of(lines[10], "task 92"), "{text}");
    assert_eq!(lines[11], "  ... 82 more ...");
    assert!(of(lines[12], "task 9") && of(lines[21], "task 0"), "{text}");
}

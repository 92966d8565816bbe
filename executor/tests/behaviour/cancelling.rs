//! Who cancels what: the table of the documentation, each of its cells.
//!
//! A task stands at leaves of kolo's and on futures of others, alone, in a scope, in somebody's combinator; it is cancelled, or the time of a
//! scope is over, or what it awaits is dropped.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::Pin;
use std::rc::Rc;

use futures_util::future::{Either, join_all, select, select_all, try_join_all};
use futures_util::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};
use futures_util::{FutureExt, join, try_join};
use kolo_executor::testing::{hops, run};
use kolo_executor::{Kind, Result, cancellable, create_task, running_loop, sleep, task_group, timeout, wait_for};

use crate::support::child::in_child;
use crate::support::lives::Living;

type Boxed = Pin<Box<dyn Future<Output = Result<()>>>>;

/// What a task stands on, and what becomes of it.
#[derive(Clone, Default)]
struct Place {
    /// The leaves of kolo's that returned a cancellation.
    told: Rc<RefCell<Vec<u32>>>,
    /// The futures that exist, kolo's and others'.
    living: Living,
}

impl Place {
    /// A leaf of kolo's.
    fn ours(&self, number: u32) -> Boxed {
        let (told, life) = (self.told.clone(), self.living.one());
        Box::pin(async move {
            let _life = life;
            let outcome = sleep(100).await;
            if outcome.as_ref().is_err_and(|error| error.is_cancelled()) {
                told.borrow_mut().push(number);
            }
            outcome
        })
    }

    fn many(&self, count: u32) -> Vec<Boxed> {
        (0..count).map(|number| self.ours(number)).collect()
    }

    /// A future of somebody else's.
    fn foreign(&self) -> Boxed {
        let life = self.living.one();
        Box::pin(async move {
            let _life = life;
            pending().await
        })
    }
}

/// What a cancellation, or the end of a scope's time, does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// So many leaves are told, and the await returns: the task goes on.
    Tells(u32),
    /// What is awaited is dropped: by a scope, which goes on, or with the task.
    Drops,
    /// So many leaves are told, and the rest is waited for.
    Leaves(u32),
}
use Does::{Drops, Leaves, Tells};

struct Row {
    name: &'static str,
    awaited: fn(Place) -> Boxed,
    cancel: Does,
    timeout: Does,
}

const fn row(name: &'static str, awaited: fn(Place) -> Boxed, cancel: Does, timeout: Does) -> Row {
    Row {
        name,
        awaited,
        cancel,
        timeout,
    }
}

const TABLE: &[Row] = &[
    row("a leaf of kolo's", |place| place.ours(0), Tells(1), Tells(1)),
    row("a future of somebody else's", |place| place.foreign(), Drops, Drops),
    row(
        "the same in `cancellable`",
        |place| Box::pin(async move { cancellable(place.foreign()).await? }),
        Tells(0),
        Tells(0),
    ),
    row(
        "the same in `timeout`",
        |place| Box::pin(timeout(200, place.foreign())),
        Tells(0),
        Tells(0),
    ),
    row(
        "the same in `wait_for`",
        |place| Box::pin(wait_for(place.foreign(), 200)),
        Tells(0),
        Tells(0),
    ),
    row(
        "the same in `task_group`",
        |place| Box::pin(task_group(async move |_| place.foreign().await)),
        Tells(0),
        Tells(0),
    ),
    row(
        "`join!`",
        |place| Box::pin(async move { join!(place.ours(0), place.ours(1), place.ours(2)).0 }),
        Tells(3),
        Tells(3),
    ),
    row(
        "`try_join!`, which ends with the first",
        |place| Box::pin(async move { try_join!(place.ours(0), place.ours(1)).map(drop) }),
        Tells(1),
        Tells(1),
    ),
    row(
        "`select`, which ends with the first",
        |place| Box::pin(select(place.ours(0), place.ours(1)).map(|first| first.factor_first().0)),
        Tells(1),
        Tells(1),
    ),
    row(
        "`select_all`",
        |place| Box::pin(select_all(place.many(3)).map(|(first, ..)| first)),
        Tells(1),
        Tells(1),
    ),
    row(
        "`join_all` of a few",
        |place| Box::pin(join_all(place.many(3)).map(|mut all| all.remove(0))),
        Tells(3),
        Tells(3),
    ),
    row(
        "`join_all` of many",
        |place| Box::pin(join_all(place.many(40)).map(|mut all| all.remove(0))),
        Tells(40),
        Drops,
    ),
    row(
        "`try_join_all` of many",
        |place| Box::pin(try_join_all(place.many(40)).map(|all| all.map(drop))),
        Tells(1),
        Drops,
    ),
    row(
        "`FuturesUnordered`",
        |place| {
            Box::pin(async move {
                let all: Vec<_> = FuturesUnordered::from_iter(place.many(3)).collect().await;
                all.into_iter().collect()
            })
        },
        Tells(3),
        Drops,
    ),
    row(
        "`buffer_unordered`",
        |place| Box::pin(async move { stream::iter(place.many(3)).buffer_unordered(2).try_collect().await }),
        Tells(1),
        Drops,
    ),
    row(
        "combinators in combinators",
        |place| {
            Box::pin(async move {
                let set = async {
                    FuturesUnordered::from_iter([place.ours(0), place.ours(1)])
                        .collect::<Vec<_>>()
                        .await
                };
                let few = join_all([place.ours(2), place.ours(3)]);
                let (_, few, first) = join!(set, few, select(place.ours(4), place.ours(5)));
                few.into_iter().collect::<Result<()>>().and(first.factor_first().0)
            })
        },
        Tells(5),
        Drops,
    ),
    row(
        "one of kolo's and another in `select`",
        |place| {
            Box::pin(select(place.foreign(), place.ours(0)).map(|first| match first {
                Either::Left((outcome, _)) | Either::Right((outcome, _)) => outcome,
            }))
        },
        Tells(1),
        Tells(1),
    ),
    row(
        "one of kolo's and another in `join!`",
        |place| Box::pin(async move { join!(place.ours(0), place.foreign()).0 }),
        Leaves(1),
        Leaves(1),
    ),
    row(
        "the same, the other in `cancellable`",
        |place| Box::pin(async move { join!(place.ours(0), cancellable(place.foreign())).0 }),
        Tells(1),
        Tells(1),
    ),
    row(
        "others in scopes of their own",
        |place| Box::pin(async move { join!(timeout(200, place.foreign()), timeout(200, place.foreign())).0 }),
        Tells(0),
        Tells(0),
    ),
];

fn told(place: &Place) -> u32 {
    u32::try_from(place.told.borrow().len()).unwrap()
}

#[test]
fn a_task_that_is_cancelled() {
    run(async {
        for Row {
            name, awaited, cancel, ..
        } in TABLE
        {
            let (place, went_on) = (Place::default(), Rc::new(Cell::new(false)));
            let (awaited, flag) = (awaited(place.clone()), went_on.clone());
            let task = create_task(async move {
                let outcome = awaited.await;
                flag.set(true);
                outcome
            });
            sleep(1).await?;
            assert!(task.cancel(), "{name}");
            hops(3).await?;
            let did = match (task.done(), went_on.get()) {
                (true, true) => Tells(told(&place)),
                (true, false) => Drops,
                (false, _) => Leaves(told(&place)),
            };
            assert_eq!(did, *cancel, "{name}");
            if let Leaves(_) = cancel {
                // What stands on nothing of kolo's any more is dropped at a second request.
                assert!(task.cancel(), "{name}");
                hops(1).await?;
            }
            assert!(task.cancelled(), "{name}");
            assert_eq!(place.living.count(), 0, "{name}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_scope_whose_time_is_over() {
    run(async {
        for Row {
            name,
            awaited,
            timeout: at_the_end,
            ..
        } in TABLE
        {
            let (place, ended) = (Place::default(), Rc::new(Cell::new(None)));
            let (awaited, end) = (awaited(place.clone()), ended.clone());
            let task = create_task(async move {
                let outcome = timeout(1, awaited).await;
                end.set(Some((running_loop().time(), outcome.unwrap_err().kind())));
                // It is not cancelled any more.
                sleep(1).await
            });
            let begun = running_loop().time();
            sleep(1).await?;
            hops(3).await?;
            let did = match (ended.get(), told(&place)) {
                (None, told) => Leaves(told),
                (Some(_), 0) if *at_the_end == Drops => Drops,
                (Some(_), told) => Tells(told),
            };
            assert_eq!(did, *at_the_end, "{name}");
            if let Leaves(_) = at_the_end {
                task.cancel();
                hops(1).await?;
            } else {
                assert_eq!(ended.get(), Some((begun + 1.0, Kind::Timeout)), "{name}");
                task.await?;
            }
            assert_eq!(place.living.count(), 0, "{name}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_awaited_is_dropped() {
    run(async {
        for Row { name, awaited, .. } in TABLE {
            let place = Place::default();
            let task = create_task(select(awaited(place.clone()), Box::pin(sleep(1))).map(|first| first.factor_first().0));
            sleep(2).await?;
            assert!(task.done(), "{name}");
            assert_eq!((told(&place), place.living.count()), (0, 0), "{name}");
            // Nothing is left of it that could be asked.
            task.await?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_that_is_dropped_where_it_stands_is_told_of_in_debug_mode() {
    let name = concat!(
        module_path!(),
        "::a_task_that_is_dropped_where_it_stands_is_told_of_in_debug_mode"
    );
    let output = in_child(name, &[("KOLO_DEBUG", Some("1"))], || {
        run(async {
            let never_began = create_task(pending::<Result<()>>());
            never_began.cancel();
            let stands = create_task(async {
                sleep(0).await?;
                pending::<Result<()>>().await
            });
            stands.set_name("stands");
            sleep(1).await?;
            stands.cancel();
            sleep(1).await
        })
        .unwrap();
    });
    let Some(output) = output else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("was cancelled where")).collect();
    let [line] = lines[..] else { panic!("{told}") };
    assert!(line.starts_with("stands, created at "), "{line}");
    assert!(
        line.contains("it last stood at executor/tests/behaviour/cancelling.rs:"),
        "{line}"
    );
    assert!(
        line.ends_with("in `cancellable`, `timeout`, `wait_for` or `task_group`"),
        "{line}"
    );
}

#[test]
fn requests_are_counted_however_many_there_are() {
    const MANY: u32 = 1_100_000;
    run(async {
        let task = create_task(sleep(1));
        for _ in 0..MANY {
            task.cancel();
        }
        assert_eq!(task.cancelling(), MANY);
        let left: Vec<u32> = (0..3).map(|_| task.uncancel()).collect();
        assert_eq!(left, [MANY - 1, MANY - 2, MANY - 3]);
        for _ in 0..MANY {
            task.uncancel();
        }
        assert_eq!(task.cancelling(), 0);
        // All of them were taken back, and so it goes on.
        task.await
    })
    .unwrap();
}

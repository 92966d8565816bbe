//! Tasks that have lived so long that a number of half a word would have come back.

use std::fmt::Debug;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, join};

use super::{Trace, hops, run};
use crate::ground::error::{Error, Result};
use crate::handle::any_task::current_task;
use crate::handle::event_loop::running_loop;
use crate::handle::promise::Promise;
use crate::handle::task::{Task, create_task};
use crate::leaf::sleep::sleep;
use crate::together::gather::gather_tuple;
use crate::together::task_group::task_group;
use crate::together::timeout::timeout;

/// Has the running task be suspended so often.
#[derive(Clone, Copy)]
struct Suspensions(u64);

impl Suspensions {
    fn pass(self) {
        let task = current_task().unwrap().head();
        task.flags.count_suspensions_from(task.flags.suspensions() + self.0);
    }
}

/// Awaits, and notes when that ended and how.
async fn logged<T: Debug>(trace: &Trace, what: &str, future: impl IntoFuture<Output = Result<T>>) -> Result<T> {
    let outcome = future.await;
    let kind = outcome.as_ref().map_err(Error::kind);
    trace.log(format_args!("{}s {what} {kind:?}", running_loop().time()));
    outcome
}

fn poll_once<F: Future>(mut future: Pin<&mut F>) -> impl Future<Output = Option<F::Output>> {
    poll_fn(move |context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
}

/// A task that runs `body`, once that stands somewhere.
async fn standing<T: 'static>(body: impl Future<Output = Result<T>> + 'static) -> Result<Task<T>> {
    let task = create_task(body);
    hops(2).await?;
    Ok(task)
}

async fn scopes_side_by_side(trace: Trace, between: Suspensions) -> Result<()> {
    between.pass();
    let several = || async {
        let (first, second) = join!(sleep(10), sleep(20));
        first.and(second)
    };
    let _ = join!(
        logged(&trace, "first", timeout(1, several())),
        logged(&trace, "second", timeout(2, several())),
        logged(&trace, "third", timeout(3, sleep(4)))
    );
    Ok(())
}

async fn a_scope_over_leaves_beneath(trace: Trace, between: Suspensions) -> Result<()> {
    let promises = [(); 3].map(|()| Promise::<()>::new());
    let mut all: FuturesUnordered<_> = promises.iter().map(IntoFuture::into_future).collect();
    let scope = timeout(1, async {
        let _ = poll_once(pin!(all.next())).await;
        between.pass();
        sleep(0).await?;
        Ok(all.next().await)
    });
    let _ = logged(&trace, "scope", scope).await;
    Ok(())
}

async fn leaves_beneath_that_came_long_after_others(trace: Trace, between: Suspensions) -> Result<()> {
    let promises = Rc::new([(); 8].map(|()| Promise::<()>::new()));
    let awaited = promises.clone();
    let task = standing(async move {
        let mut all = FuturesUnordered::new();
        for (number, promise) in awaited.iter().enumerate() {
            if number == 4 {
                between.pass();
            }
            all.push(promise.into_future());
            assert!(all.next().now_or_never().is_none());
        }
        while all.next().await.is_some() {}
        Ok(())
    });
    let task = task.await?;
    task.cancel();
    let _ = logged(&trace, "task", task).await;
    trace.log(format_args!("{:?}", promises.each_ref().map(|promise| promise.cancelled())));
    Ok(())
}

async fn a_leaf_set_aside_long_before(trace: Trace, between: Suspensions) -> Result<()> {
    let in_task = trace.clone();
    let task = standing(async move {
        let promise = Promise::<()>::new();
        let mut aside = pin!((&promise).into_future());
        assert!(poll_once(aside.as_mut()).await.is_none());
        between.pass();
        sleep(0).await?;
        let (aside, slept) = join!(poll_once(aside), logged(&in_task, "sleep", sleep(10)));
        assert!(aside.is_none());
        slept
    });
    let task = task.await?;
    task.cancel();
    let _ = logged(&trace, "task", task).await;
    Ok(())
}

async fn a_leaf_dropped_that_was_set_aside_long_before(trace: Trace, between: Suspensions) -> Result<()> {
    let in_task = trace.clone();
    let task = standing(async move {
        let promise = Promise::<()>::new();
        let mut aside = Box::pin((&promise).into_future());
        assert!(poll_once(aside.as_mut()).await.is_none());
        between.pass();
        let mut last = pin!(sleep(10));
        let mut aside = Some(aside);
        let slept = poll_fn(|context| {
            let polled = last.as_mut().poll(context);
            aside = None;
            polled
        });
        logged(&in_task, "sleep", slept).await
    });
    let task = task.await?;
    task.cancel();
    let _ = logged(&trace, "task", task).await;
    Ok(())
}

async fn gathers_and_scopes_in_scopes(trace: Trace, between: Suspensions) -> Result<()> {
    between.pass();
    let children = || gather_tuple((sleep(10), sleep(20)));
    let inner = async {
        let _ = join!(
            logged(&trace, "gathered", timeout(1, children())),
            logged(&trace, "foreign", timeout(2, pending::<Result<()>>()))
        );
        sleep(10).await
    };
    let _ = join!(
        logged(&trace, "outer", timeout(3, inner)),
        logged(&trace, "beside", timeout(4, children()))
    );
    logged(&trace, "after", sleep(1)).await
}

/// What happens in a program whose task has been suspended so often in the meantime.
fn events<P: Future<Output = Result<()>> + 'static>(program: impl FnOnce(Trace, Suspensions) -> P, between: u64) -> Vec<String> {
    let trace = Trace::new();
    run(program(trace.clone(), Suspensions(between))).unwrap();
    trace.take()
}

/// What comes `2^32` suspensions later is something else.
fn check<P: Future<Output = Result<()>> + 'static>(program: impl FnOnce(Trace, Suspensions) -> P + Copy, expected: &[&str]) {
    assert_eq!(events(program, 0), expected);
    for fewer in 0..20 {
        assert_eq!(events(program, (1 << 32) - fewer), expected, "2^32 - {fewer}");
    }
}

#[test]
fn scopes_end_their_own_leaves() {
    check(
        scopes_side_by_side,
        &["1s first Err(Timeout)", "2s second Err(Timeout)", "3s third Err(Timeout)"],
    );
}

#[test]
fn scopes_within_scopes_and_gathers_too() {
    check(
        gathers_and_scopes_in_scopes,
        &[
            "1s gathered Err(Timeout)",
            "2s foreign Err(Timeout)",
            "3s outer Err(Timeout)",
            "4s beside Err(Timeout)",
            "5s after Ok(())",
        ],
    );
}

#[test]
fn a_scope_knows_the_leaves_that_stand_beneath_a_combinator_since_long() {
    check(a_scope_over_leaves_beneath, &["1s scope Err(Timeout)"]);
}

#[test]
fn leaves_beneath_a_combinator_are_all_told() {
    check(
        leaves_beneath_that_came_long_after_others,
        &["0s task Ok(())", "[true, true, true, true, true, true, true, true]"],
    );
}

#[test]
fn a_leaf_that_was_set_aside_is_not_told_in_the_place_of_the_last() {
    check(
        a_leaf_set_aside_long_before,
        &["0s sleep Err(Cancelled)", "0s task Err(Cancelled)"],
    );
}

#[test]
fn a_leaf_that_was_set_aside_and_is_dropped_does_not_take_the_place_of_the_last() {
    check(
        a_leaf_dropped_that_was_set_aside_long_before,
        &["0s sleep Err(Cancelled)", "0s task Err(Cancelled)"],
    );
}

#[test]
fn a_group_of_many_tasks_waits_for_its_oldest_too() {
    for fewer in 0..4 {
        let trace = Trace::new();
        let log = trace.clone();
        run(async move {
            let ended = task_group(async |group| {
                let member = |number: u32| {
                    let log = log.clone();
                    async move {
                        let slept = sleep(10 + number).await;
                        log.log(format_args!("{number} {:?}", slept.as_ref().map_err(Error::kind)));
                        slept
                    }
                };
                for number in 0..3 {
                    group.create_task(member(number))?;
                }
                group.count_tasks_from(u32::MAX - fewer);
                for number in 3..8 {
                    group.create_task(member(number))?;
                }
                sleep(1).await?;
                Err::<(), _>(Error::value("over"))
            });
            assert!(ended.await.is_err());
            Ok(())
        })
        .unwrap();
        assert_eq!(
            trace.take(),
            [0, 1, 2, 3, 4, 5, 6, 7].map(|number| format!("{number} Err(Cancelled)")),
            "{fewer}"
        );
    }
}

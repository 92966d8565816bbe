//! Memory is given back: every coroutine, value, callback and loop is dropped, whatever became of it.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::testing::tick;
use kolo_executor::{
    Clock, Error, EventLoop, Kind, Observer, Promise, Result, Task, TaskGroup, all_tasks, as_completed, cancellable, create_task,
    gather, running_loop, shield, sleep, task_group, timeout, wait, wait_for,
};

use crate::support::lives::{Life, Living};

/// Lives as long as its loop.
struct Witness(#[allow(dead_code, reason = "it is there to be counted")] Life);

impl Observer for Witness {}

/// Has `program` run in a loop of its own for ten seconds, then closes the loop and lets go of it: everything that was counted must be
/// gone, the loop too.
#[track_caller]
fn leaves_nothing<T: 'static>(program: impl AsyncFnOnce(Living) -> Result<T> + 'static) {
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    event_loop.add_observer(Rc::new(Witness(living.one())));
    let counted = living.clone();
    let main = event_loop.create_task(async move { program(counted).await });
    // The program may wait for ever: that is one of the cases.
    event_loop.run_until_complete(sleep(10)).unwrap();
    drop(main);
    event_loop.close().unwrap();
    assert_eq!(living.count(), 1, "besides the loop");
    drop(event_loop);
    assert_eq!(living.count(), 0, "the loop");
}

/// A coroutine that is counted, and ends after so many seconds.
fn counted(living: &Living, seconds: i32) -> impl Future<Output = Result<Life>> + use<> {
    let (held, value) = (living.one(), living.one());
    async move {
        let _held = held;
        sleep(seconds).await?;
        Ok(value)
    }
}

/// A promise that nobody will ever complete, counted by its callback.
fn never(living: &Living) -> Promise<Life> {
    let (promise, held) = (Promise::new(), living.one());
    promise.add_done_callback(move |_| drop(held));
    promise
}

const NEVER: i32 = 1_000_000;

// Many.

#[test]
fn a_million_tasks_whose_handles_are_dropped() {
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    for _ in 0..100 {
        for _ in 0..10_000 {
            let (held, value) = (living.one(), living.one());
            event_loop.create_task(async move {
                drop(held);
                Ok(value)
            });
        }
        tick(&event_loop);
        assert_eq!(living.count(), 0);
    }
}

#[test]
fn a_million_tasks_whose_handles_are_kept() {
    const TASKS: usize = 1_000_000;
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let mut tasks: Vec<Task<Life>> = (0..TASKS)
        .map(|_| {
            let value = living.one();
            event_loop.create_task(async move { Ok(value) })
        })
        .collect();
    tick(&event_loop);
    assert!(event_loop.all_tasks().is_empty());
    assert_eq!(living.count(), TASKS);
    // Taken, cloned, and dropped unseen.
    drop(tasks.pop().unwrap().take_result().unwrap());
    drop(tasks.last().unwrap().result().unwrap());
    assert_eq!(living.count(), TASKS - 1);
    drop(tasks);
    assert_eq!(living.count(), 0);
}

/// A long chain of tasks that await each other, down to one that sleeps so long.
async fn await_a_long_chain(living: Living, seconds: i32) -> Result<Life> {
    let mut last = create_task(counted(&living, seconds));
    for _ in 0..100_000 {
        let (inner, held) = (last, living.one());
        last = create_task(async move {
            let _held = held;
            inner.await
        });
    }
    last.await
}

#[test]
fn a_long_chain_of_tasks_that_await_each_other() {
    leaves_nothing(async |living| await_a_long_chain(living, 1).await);
}

#[test]
fn a_long_chain_that_never_ends() {
    leaves_nothing(async |living| await_a_long_chain(living, NEVER).await);
}

// Values and callbacks.

#[test]
fn every_end_of_a_promise() {
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    let new = || {
        let promise = event_loop.create_promise::<Life>();
        for _ in 0..3 {
            let held = living.one();
            promise.add_done_callback(move |_| drop(held));
        }
        promise
    };
    drop(new());
    new().set_result(living.one()).unwrap();
    new().set_error(Error::other("unseen")).unwrap();
    new().cancel();
    let refused = new();
    refused.cancel();
    assert!(refused.set_result(living.one()).is_err());
    let copied = new();
    copied.set_result(living.one()).unwrap();
    drop((copied.result(), copied.result(), copied.take_result(), copied.take_result()));
    drop((refused, copied));
    tick(&event_loop);
    assert_eq!(living.count(), 0);
}

#[test]
fn callbacks_and_timers_that_are_taken_back_or_never_called() {
    leaves_nothing(async |living| {
        let event_loop = running_loop();
        let held = || {
            let life = living.one();
            move || drop(life)
        };
        event_loop.call_soon(held()).cancel();
        event_loop.call_later(5, held()).cancel();
        event_loop.call_later(5, held());
        event_loop.call_later(NEVER, held());
        // Enough of them to have the heap rebuilt.
        for _ in 0..1000 {
            event_loop.call_later(NEVER, held()).cancel();
        }
        let promise = never(&living);
        let call = held();
        let token = promise.add_done_callback(move |_| call());
        assert!(promise.remove_done_callback(token));
        // Whoever keeps a handle keeps no callback.
        KEPT.set(vec![event_loop.call_soon(held())]);
        Ok(())
    });
    thread_local!(static KEPT: RefCell<Vec<kolo_executor::Handle>> = const { RefCell::new(Vec::new()) });
}

// What waits while the loop closes.

#[test]
fn every_kind_of_wait_that_is_pending_at_close() {
    leaves_nothing(async |living| {
        let wait_in = |body: fn(Living) -> Boxed| drop(create_task(body(living.clone())));
        wait_in(|living| Box::pin(async move { counted(&living, NEVER).await.map(drop) }));
        wait_in(|living| Box::pin(async move { never(&living).await.map(drop) }));
        wait_in(|living| Box::pin(async move { create_task(counted(&living, NEVER)).await.map(drop) }));
        wait_in(|living| Box::pin(async move { gather([counted(&living, NEVER), counted(&living, NEVER)]).await.map(drop) }));
        wait_in(|living| Box::pin(async move { gather([counted(&living, NEVER)]).return_exceptions().await.map(drop) }));
        wait_in(|living| Box::pin(async move { gather([never(&living)]).await.map(drop) }));
        wait_in(|living| Box::pin(async move { shield(counted(&living, NEVER)).await.map(drop) }));
        wait_in(|living| Box::pin(async move { shield(never(&living)).await.map(drop) }));
        wait_in(|living| Box::pin(async move { shield(gather([counted(&living, NEVER)])).await.map(drop) }));
        wait_in(|living| Box::pin(async move { gather([gather([counted(&living, NEVER)])]).await.map(drop) }));
        wait_in(|living| Box::pin(async move { wait([create_task(counted(&living, NEVER))]).await.map(drop) }));
        wait_in(|living| Box::pin(async move { wait([never(&living)]).timeout(NEVER).await.map(drop) }));
        wait_in(|living| Box::pin(async move { wait_for(counted(&living, NEVER), NEVER).await.map(drop) }));
        wait_in(|living| Box::pin(async move { wait_for(never(&living), NEVER).await.map(drop) }));
        wait_in(|living| Box::pin(async move { timeout(NEVER, counted(&living, NEVER)).await.map(drop) }));
        wait_in(|living| Box::pin(async move { cancellable(counted(&living, NEVER)).await?.map(drop) }));
        wait_in(|living| {
            Box::pin(async move {
                let mut completed = as_completed([counted(&living, NEVER)]).timeout(NEVER);
                completed.next().await.map_or(Ok(()), |outcome| outcome.map(drop))
            })
        });
        wait_in(|living| {
            Box::pin(async move {
                let mut completed = as_completed([never(&living)]);
                completed.next().await.map_or(Ok(()), |outcome| outcome.map(drop))
            })
        });
        wait_in(|living| {
            Box::pin(async move {
                let body = async |group: TaskGroup| {
                    group.create_task(counted(&living, NEVER))?;
                    let never = never(&living);
                    group.create_task(async move { never.await.map(drop) })?;
                    // In the hands of its own member.
                    let kept = group.clone();
                    group.create_task(async move {
                        let _kept = kept;
                        sleep(NEVER).await
                    })
                };
                task_group(body).await.map(drop)
            })
        });
        Ok(())
    });
}

type Boxed = std::pin::Pin<Box<dyn Future<Output = Result<()>>>>;

#[test]
fn every_kind_of_wait_that_is_abandoned() {
    leaves_nothing(async |living| {
        let living = &living;
        // Their handles go at once: nobody can complete the promises, and nobody waits.
        drop(gather([never(living), never(living)]));
        drop(gather([never(living)]).return_exceptions());
        drop(gather([gather([never(living)])]));
        drop(shield(never(living)));
        drop(shield(gather([never(living)])));
        drop(as_completed([never(living)]));
        drop(as_completed([never(living)]).timeout(NEVER));
        drop(as_completed([never(living)]).timeout(5));
        drop(wait([never(living)]));
        drop(wait_for(never(living), NEVER));
        // These are waited for, for a while.
        for waits in [
            Box::pin(gather([never(living)]).into_future()) as std::pin::Pin<Box<dyn Future<Output = Result<Vec<Life>>>>>,
            Box::pin(async { wait_for(gather([never(living)]), 2).await }),
        ] {
            assert!(timeout(1, waits).await.is_err());
        }
        assert!(timeout(1, shield(never(living))).await.is_err());
        assert!(timeout(1, wait([never(living)])).await.is_err());
        assert!(
            timeout(1, async { as_completed([never(living)]).next().await.unwrap() })
                .await
                .is_err()
        );
        Ok(())
    });
}

#[test]
fn waits_that_end_take_everything_with_them() {
    leaves_nothing(async |living| {
        let living = &living;
        let before = living.count();
        gather([counted(living, 1), counted(living, 2)]).await?;
        gather([counted(living, 1), counted(living, 2)]).return_exceptions().await?;
        shield(counted(living, 1)).await?;
        wait([create_task(counted(living, 1))]).await?;
        wait_for(counted(living, 1), 5).await?;
        timeout(5, counted(living, 1)).await?;
        let mut completed = as_completed([counted(living, 1), counted(living, 0)]);
        while let Some(outcome) = completed.next().await {
            outcome?;
        }
        drop(completed);
        task_group(async |group| group.create_task(counted(living, 1))).await?;
        assert_eq!(living.count(), before);
        Ok(())
    });
}

#[test]
fn cancelled_waits_take_everything_with_them() {
    leaves_nothing(async |living| {
        let before = living.count();
        let tasks: Vec<Task<()>> = vec![
            create_task({
                let living = living.clone();
                async move { gather([counted(&living, NEVER), counted(&living, NEVER)]).await.map(drop) }
            }),
            create_task({
                let living = living.clone();
                async move { wait_for(counted(&living, NEVER), NEVER).await.map(drop) }
            }),
            create_task({
                let living = living.clone();
                async move {
                    task_group(async |group| group.create_task(counted(&living, NEVER)))
                        .await
                        .map(drop)
                }
            }),
            create_task({
                let living = living.clone();
                async move { timeout(NEVER, counted(&living, NEVER)).await.map(drop) }
            }),
        ];
        sleep(1).await?;
        for task in tasks {
            assert!(task.cancel());
            assert_eq!((&task).await.unwrap_err().kind(), Kind::Cancelled);
        }
        assert_eq!(living.count(), before);
        assert_eq!(all_tasks().len(), 2, "this one and the one that closes the loop");
        Ok(())
    });
}

// Circles.

#[test]
fn tasks_that_hold_each_other_s_handles() {
    leaves_nothing(async |living| {
        let handles: Rc<RefCell<Vec<Task<()>>>> = Rc::default();
        for number in 0..10 {
            let (handles_of_task, held) = (handles.clone(), living.one());
            let task = create_task(async move {
                let _held = held;
                sleep(1).await?;
                let next = handles_of_task.borrow()[(number + 1) % 10].clone();
                // In a circle: none of them ever ends.
                (&next).await
            });
            handles.borrow_mut().push(task);
        }
        let first = handles.borrow()[0].clone();
        first.await
    });
}

#[test]
fn a_task_that_holds_its_own_handle() {
    leaves_nothing(async |living| {
        let own: Rc<RefCell<Option<Task<Life>>>> = Rc::default();
        let (handle, value) = (own.clone(), living.one());
        let task = create_task(async move {
            sleep(1).await?;
            let own = handle.take().unwrap();
            assert_eq!((&own).await.err().unwrap().kind(), Kind::Runtime);
            drop(own);
            Ok(value)
        });
        *own.borrow_mut() = Some(task);
        drop(own);
        sleep(2).await
    });
}

#[test]
fn a_loop_in_the_hands_of_what_it_runs() {
    leaves_nothing(async |living| {
        let event_loop = running_loop();
        let (handle, held) = (event_loop.clone(), living.one());
        create_task(async move {
            let _held = (handle, held);
            sleep(NEVER).await
        });
        let (handle, held) = (event_loop.clone(), living.one());
        event_loop.call_later(NEVER, move || drop((handle, held)));
        let (handle, held) = (event_loop.clone(), living.one());
        create_task(sleep(NEVER)).add_done_callback(move |_| drop((handle, held)));
        Ok(())
    });
}

#[test]
fn a_loop_that_is_never_closed_goes_with_its_last_handle() {
    let living = Living::new();
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    event_loop.add_observer(Rc::new(Witness(living.one())));
    for body in 0..5 {
        let living = living.clone();
        event_loop.create_task(async move {
            match body {
                0 => sleep(NEVER).await,
                1 => wait([create_task(counted(&living, NEVER))]).await.map(drop),
                2 => {
                    let mut completed = as_completed([counted(&living, NEVER)]);
                    completed.next().await.map_or(Ok(()), |outcome| outcome.map(drop))
                }
                3 => task_group(async |group| group.create_task(counted(&living, NEVER)))
                    .await
                    .map(drop),
                _ => timeout(NEVER, gather([counted(&living, NEVER)])).await.map(drop),
            }
        });
    }
    tick(&event_loop);
    tick(&event_loop);
    assert!(living.count() > 4);
    drop(event_loop);
    assert_eq!(living.count(), 0);
}

#[test]
fn what_is_made_over_a_task_of_a_closed_loop_goes_with_the_loop_in_which_it_was_made() {
    let living = Living::new();
    let closed = EventLoop::with_clock(Clock::Virtual).unwrap();
    closed.set_exception_handler(Some(Rc::new(|_| {})));
    let (pending, life) = (closed.create_promise::<()>(), living.one());
    let left: Task<()> = closed.create_task(async move {
        let _life = life;
        pending.await
    });
    tick(&closed);
    closed.close().unwrap();
    // Its promise stays pending, and nobody will ever complete it.
    assert!(!left.done());
    let kept = Rc::new(());
    leaves_nothing({
        let (left, kept) = (left.clone(), kept.clone());
        async move |_| {
            let shielded = shield(&left);
            let gathered = gather([&left]);
            shielded.add_done_callback(move |_| drop(kept));
            drop((shielded, gathered, left));
            Ok(())
        }
    });
    drop(left);
    assert_eq!((living.count(), Rc::strong_count(&kept)), (0, 1));
}

//! Woken from other threads.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use kolo_executor::testing::{run, tick};
use kolo_executor::{Clock, Error, EventLoop, Promise, Task, create_task, running_loop, sleep, timeout};

use super::{parked_task, waker};

const THREADS: u64 = 4;

/// Longer than anything here takes: a wake-up that is lost ends the test with an error instead of never.
const FOR_EVER: u64 = 60;

#[test]
fn a_million_wake_ups_from_four_threads_arrive() {
    const EACH: u64 = 250_000;
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let total = event_loop.run_until_complete(async {
        let tasks: Vec<Task<u64>> = (0..THREADS)
            .map(|_| {
                create_task(async {
                    let sent = Arc::new(AtomicU64::new(0));
                    let (waker, counter) = (waker().await, sent.clone());
                    let thread = thread::spawn(move || {
                        for _ in 0..EACH {
                            counter.fetch_add(1, Ordering::SeqCst);
                            waker.wake_by_ref();
                        }
                    });
                    // Many wake-ups may be one step, but what was sent before each must be seen after it.
                    let all = poll_fn(|_| match sent.load(Ordering::SeqCst) {
                        EACH => Poll::Ready(Ok(EACH)),
                        _ => Poll::Pending,
                    });
                    let all = timeout(FOR_EVER, all).await?;
                    thread.join().map_err(|_| Error::other("the thread panicked"))?;
                    Ok(all)
                })
            })
            .collect();
        let mut total = 0;
        for task in tasks {
            total += task.await?;
        }
        Ok(total)
    });
    assert_eq!(total.unwrap(), THREADS * EACH);
}

#[test]
fn each_single_wake_up_of_a_sleeping_loop_arrives() {
    const EACH: u64 = 10_000;
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = event_loop.run_until_complete(async {
        let tasks: Vec<Task<()>> = (0..THREADS)
            .map(|_| {
                create_task(async {
                    let (ask, answer) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
                    let (waker, asked, answered) = (waker().await, ask.clone(), answer.clone());
                    let thread = thread::spawn(move || {
                        for number in 1..=EACH {
                            asked.store(number, Ordering::SeqCst);
                            waker.wake_by_ref();
                            // Nothing else wakes the task: if this one is lost, there is no answer.
                            while answered.load(Ordering::SeqCst) < number {
                                thread::yield_now();
                            }
                        }
                    });
                    timeout(
                        FOR_EVER,
                        poll_fn(|_| {
                            let asked = ask.load(Ordering::SeqCst);
                            answer.store(asked, Ordering::SeqCst);
                            if asked == EACH { Poll::Ready(Ok(())) } else { Poll::Pending }
                        }),
                    )
                    .await?;
                    thread.join().map_err(|_| Error::other("the thread panicked"))
                })
            })
            .collect();
        for task in tasks {
            task.await?;
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_million_remote_calls_arrive_each_thread_s_in_order() {
    const EACH: u64 = 250_000;
    thread_local!(static ARRIVED: RefCell<[u64; THREADS as usize]> = const { RefCell::new([0; THREADS as usize]) });
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let threads: Vec<_> = (0..THREADS as usize)
        .map(|sender| {
            let remote = event_loop.remote();
            thread::spawn(move || {
                for number in 0..EACH {
                    remote
                        .call_soon(move || {
                            ARRIVED.with_borrow_mut(|arrived| {
                                assert_eq!(arrived[sender], number, "a call was lost, doubled or overtaken");
                                arrived[sender] += 1;
                            });
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    let outcome = event_loop.run_until_complete(timeout(FOR_EVER, async {
        while ARRIVED.with_borrow(|arrived| *arrived != [EACH; THREADS as usize]) {
            sleep(0.001).await?;
        }
        Ok(())
    }));
    outcome.unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn many_threads_clone_and_drop_one_waker() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let (_task, waker, steps) = parked_task(&event_loop);
    let start = Arc::new(Barrier::new(THREADS as usize));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (waker, start) = (waker.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                let clones: Vec<Waker> = (0..1000).map(|_| waker.clone()).collect();
                assert!(clones.iter().all(|clone| clone.will_wake(&waker)));
                for (index, clone) in clones.into_iter().enumerate() {
                    if index % 2 == 0 { clone.wake() } else { drop(clone) }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    tick(&event_loop);
    // All of them came before this iteration: one step.
    assert_eq!(steps.get(), 2);
    tick(&event_loop);
    assert_eq!(steps.get(), 2);
}

#[test]
fn a_letter_left_behind_by_a_remote_handle_is_no_deadlock() {
    thread_local!(static PROMISE: RefCell<Option<Promise<()>>> = const { RefCell::new(None) });
    for _ in 0..2000 {
        let outcome = run(async {
            let promise = Promise::new();
            PROMISE.set(Some(promise.clone()));
            let remote = running_loop().remote();
            let thread = thread::spawn(move || {
                // The last handle goes while the loop is about to find out that nothing can happen any more.
                remote.call_soon(|| PROMISE.take().unwrap().set_result(()).unwrap())
            });
            promise.await?;
            thread.join().unwrap()
        });
        outcome.unwrap();
    }
}

#[test]
fn a_copy_that_another_thread_has_made_is_no_deadlock() {
    let outcome = run(async {
        let (sends, receives) = mpsc::channel::<Waker>();
        // Not before the loop has nothing to do: otherwise it need not decide whether anything can happen.
        let wakes = thread::spawn(move || {
            let waker = receives.recv().unwrap();
            thread::sleep(Duration::from_millis(20));
            waker.wake();
        });
        let mut leaf = Promise::<()>::new().into_future();
        let mut woken = false;
        poll_fn(|context| {
            if std::mem::replace(&mut woken, true) {
                return Poll::Ready(());
            }
            let (waker, sends) = (context.waker(), &sends);
            // The thread has the waker lent, and makes the first copy of it.
            thread::scope(|scope| scope.spawn(move || sends.send(waker.clone())).join().unwrap()).unwrap();
            assert!(Pin::new(&mut leaf).poll(context).is_pending());
            Poll::Pending
        })
        .await;
        wakes.join().unwrap();
        Ok(())
    });
    outcome.unwrap();
}

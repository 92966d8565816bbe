//! Loops: nested, one after the other, several at once, stopped and closed from within, and at the end of their thread.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;

use kolo_executor::testing::{run, tick};
use kolo_executor::{
    Clock, ContextVar, EventLoop, Kind, Promise, Result, Runner, Turn, all_tasks, create_task, current_task, gather,
    running_loop, sleep, sleep_with, try_running_loop,
};

use crate::support::lives::{Living, OnDrop};
use crate::support::outside::{Bell, poll_outside};

// Nested.

#[test]
fn every_nested_run_is_refused_and_the_outer_one_goes_on() {
    let outcome = run(async {
        let inner = EventLoop::with_clock(Clock::Virtual)?;
        let own = running_loop();
        let runner = Runner::builder().clock(Clock::Virtual).build()?;
        let kinds = [
            kolo_executor::run(async { Ok(()) }).unwrap_err().kind(),
            runner.run(async { Ok(()) }).unwrap_err().kind(),
            runner.close().unwrap_err().kind(),
            inner.run_until_complete(async { Ok(()) }).unwrap_err().kind(),
            inner.run_forever().unwrap_err().kind(),
            inner.turn().unwrap_err().kind(),
            own.run_until_complete(async { Ok(()) }).unwrap_err().kind(),
            own.run_forever().unwrap_err().kind(),
            own.turn().unwrap_err().kind(),
            own.close().unwrap_err().kind(),
        ];
        assert_eq!(kinds, [Kind::Runtime; 10]);
        // Another loop may be made, filled and closed meanwhile.
        let task = inner.create_task(sleep(1));
        inner.call_soon(|| panic!("it never runs"));
        inner.set_exception_handler(Some(Rc::new(|_| {})));
        inner.close()?;
        assert!(!task.done());
        assert!(current_task().is_some());
        assert_eq!(running_loop(), own);
        sleep_with(1, 7).await
    });
    assert_eq!(outcome.unwrap(), 7);
    assert!(try_running_loop().is_err());
}

#[test]
fn a_refused_run_drops_its_coroutine() {
    let living = Living::new();
    let (first, second) = (living.one(), living.one());
    run(async move {
        let refused = kolo_executor::run(async move {
            let _held = first;
            Ok(())
        });
        assert!(refused.is_err());
        let refused = running_loop().run_until_complete(async move {
            let _held = second;
            Ok(())
        });
        assert!(refused.is_err());
        Ok(())
    })
    .unwrap();
    assert_eq!(living.count(), 0);
}

#[test]
fn promises_and_tasks_of_another_loop_are_refused() {
    let other = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (promise, task) = (other.create_promise::<()>(), other.create_task(sleep(1)));
    let (awaited, foreign) = (promise.clone(), task.clone());
    let error = run(async move {
        assert_eq!((&foreign).await.unwrap_err().kind(), Kind::Runtime);
        (&awaited).await
    });
    assert_eq!(error.unwrap_err().kind(), Kind::Runtime);
    // Nothing of the attempt is left with them.
    promise.set_result(()).unwrap();
    other.run_until_complete(task).unwrap();
    // What is done belongs to everybody.
    run(async move { promise.await }).unwrap();
}

// One after the other.

#[test]
fn a_thousand_loops_one_after_the_other() {
    let mut kept = Vec::new();
    for number in 0..1000 {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        let outcome = event_loop.run_until_complete(async move {
            let children = gather((0..3).map(|n| sleep_with(n, n))).await?;
            Ok(number + children.into_iter().sum::<i32>())
        });
        assert_eq!(outcome.unwrap(), number + 3);
        match number % 3 {
            0 => event_loop.close().unwrap(),
            1 => drop(event_loop),
            _ => kept.push(event_loop),
        }
    }
    for event_loop in kept {
        event_loop.run_until_complete(sleep(1)).unwrap();
    }
}

#[test]
fn a_loop_runs_again_after_each_kind_of_end() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let survivor = event_loop.create_task(sleep_with(100, "survived"));
    // A value, an error, a panic, a stop, a deadlock.
    assert_eq!(event_loop.run_until_complete(sleep_with(1, 1)).unwrap(), 1);
    let error = event_loop.run_until_complete(sleep(f64::NAN));
    assert_eq!(error.unwrap_err().kind(), Kind::Value);
    let panic = event_loop
        .run_until_complete::<std::pin::Pin<Box<dyn Future<Output = Result<()>>>>>(Box::pin(async { panic!("inside") }));
    assert_eq!(panic.unwrap_err().kind(), Kind::Panic);
    let stopped = event_loop.run_until_complete(async {
        running_loop().stop();
        sleep(50).await
    });
    assert_eq!(stopped.unwrap_err().kind(), Kind::Runtime);
    assert_eq!(event_loop.run_until_complete(survivor).unwrap(), "survived");
    let stuck = event_loop.run_until_complete(async { Promise::<()>::new().await });
    assert_eq!(stuck.unwrap_err().kind(), Kind::Deadlock);
    assert_eq!(event_loop.run_until_complete(sleep_with(1, 2)).unwrap(), 2);
    assert!(!event_loop.is_running());
}

#[test]
fn a_runner_runs_many_times_and_keeps_what_is_left() {
    let runner = Runner::builder().clock(Clock::Virtual).build().unwrap();
    let living = Living::new();
    for _ in 0..10 {
        let held = living.one();
        runner
            .run(async move {
                create_task(async move {
                    let _held = held;
                    sleep(1_000_000).await
                });
                sleep(1).await
            })
            .unwrap();
    }
    assert_eq!(living.count(), 10);
    runner.close().unwrap();
    assert_eq!(living.count(), 0);
    assert_eq!(runner.run(async { Ok(()) }).unwrap_err().kind(), Kind::Runtime);
    runner.close().unwrap();
}

// Several at once.

#[test]
fn two_loops_take_turns_on_one_thread() {
    let loops = [(); 2].map(|()| EventLoop::with_clock(Clock::Virtual).unwrap());
    let steps = Rc::new(RefCell::new(Vec::new()));
    for (number, event_loop) in loops.iter().enumerate() {
        let steps = steps.clone();
        event_loop.create_task(async move {
            for step in 0..3 {
                steps.borrow_mut().push((number, step));
                assert_eq!(all_tasks().len(), 1);
                sleep(0).await?;
            }
            Ok(())
        });
    }
    for _ in 0..3 {
        for event_loop in &loops {
            event_loop.turn().unwrap();
        }
    }
    assert_eq!(steps.take(), [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]);
    for event_loop in &loops {
        while event_loop.turn().unwrap() != Turn::Done {}
        assert!(event_loop.all_tasks().is_empty());
    }
}

#[test]
fn loops_on_several_threads_know_nothing_of_each_other() {
    static VARIABLE: ContextVar<usize> = ContextVar::new("variable");
    let threads: Vec<_> = (0..8)
        .map(|number| {
            thread::spawn(move || {
                for _ in 0..20 {
                    VARIABLE.set(number);
                    let names = run(async move {
                        let tasks: Vec<_> = (0..100)
                            .map(|n| {
                                create_task(async move {
                                    sleep(n % 7).await?;
                                    assert_eq!(VARIABLE.get(), Some(number));
                                    assert_eq!(all_tasks().iter().filter(|task| task.done()).count(), 0);
                                    Ok(current_task().unwrap().event_loop()? == running_loop())
                                })
                            })
                            .collect();
                        gather(tasks).await
                    });
                    assert_eq!(names.unwrap(), [true; 100]);
                }
                assert!(try_running_loop().is_err());
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn loops_on_several_threads_call_each_other() {
    const ROUNDS: u32 = 1000;
    let (to_second, from_first) = mpsc::channel();
    let (to_first, from_second) = mpsc::channel();
    /// Answers each call of the other loop with another one, until enough were answered.
    fn play(
        send: &mpsc::Sender<kolo_executor::RemoteHandle>,
        receive: &mpsc::Receiver<kolo_executor::RemoteHandle>,
        serve: bool,
    ) -> u32 {
        thread_local!(static BALLS: Cell<u32> = const { Cell::new(0) });
        fn hit(to: kolo_executor::RemoteHandle, back: kolo_executor::RemoteHandle, balls: u32) {
            let returned = to.clone().call_soon(move || {
                BALLS.set(balls);
                if balls < ROUNDS {
                    hit(back, to, balls + 1);
                }
            });
            // The other one stops when it has seen the last ball.
            assert!(returned.is_ok() || balls == ROUNDS);
        }
        let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
        send.send(event_loop.remote()).unwrap();
        let other = receive.recv().unwrap();
        if serve {
            hit(other, event_loop.remote(), 1);
        }
        let outcome = event_loop.run_until_complete(async {
            while BALLS.get() < ROUNDS - 1 {
                sleep(0.0005).await?;
            }
            sleep(0.05).await
        });
        outcome.unwrap();
        BALLS.get()
    }
    let second = thread::spawn(move || play(&to_first, &from_first, false));
    let first = play(&to_second, &from_second, true);
    let mut seen = [first, second.join().unwrap()];
    seen.sort_unstable();
    assert_eq!(seen, [ROUNDS - 1, ROUNDS]);
}

#[test]
fn a_remote_task_outlives_neither_loop_nor_thread() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let remote = event_loop.remote();
    let (send, receive) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let task = remote.spawn(|| async {
            sleep(1_000_000).await?;
            Ok(1)
        });
        send.send(()).unwrap();
        task.wait()
    });
    receive.recv().unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    tick(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(waiting.join().unwrap().unwrap_err().kind(), Kind::Runtime);

    // And one for a loop that is gone already.
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let remote = event_loop.remote();
    drop(event_loop);
    let waiting = thread::spawn(move || remote.spawn(|| async { Ok(1) }).wait());
    assert_eq!(waiting.join().unwrap().unwrap_err().kind(), Kind::Runtime);
}

// From within.

#[test]
fn a_task_stops_and_closes_the_loop() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let handle = event_loop.clone();
    event_loop.create_task(async move {
        sleep(1).await?;
        assert_eq!(handle.close().unwrap_err().kind(), Kind::Runtime);
        handle.stop();
        sleep(1).await
    });
    let after = Rc::new(Cell::new(false));
    let flag = after.clone();
    // What is ready in the same iteration still runs.
    event_loop.call_later(1, move || flag.set(true));
    event_loop.run_forever().unwrap();
    assert!(after.get());
    assert_eq!(event_loop.time(), 1.0);
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    event_loop.close().unwrap();
    assert_eq!(event_loop.run_forever().unwrap_err().kind(), Kind::Runtime);
}

#[test]
fn the_exception_handler_and_the_observer_use_the_loop() {
    struct Creates(EventLoop, Cell<u32>, Weak<Creates>);
    impl kolo_executor::Observer for Creates {
        fn finished(&self, _: &kolo_executor::AnyTask) {
            if self.1.get() > 0 {
                self.1.set(self.1.get() - 1);
                self.0.create_task(async { Ok(()) });
                self.0.set_exception_handler(None);
            } else {
                self.0.remove_observer(&self.2.upgrade().expect("the observer"));
            }
        }
    }
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let handle = event_loop.clone();
    let reported = Rc::new(Cell::new(0));
    let count = reported.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |_| {
        count.set(count.get() + 1);
        let again = handle.create_task(async { sleep(1).await });
        again.add_done_callback(|task| assert!(task.result().is_ok()));
        handle.set_exception_handler(None);
    })));
    event_loop.call_soon(|| panic!("reported"));
    event_loop.run_until_complete(sleep(5)).unwrap();
    assert_eq!(reported.get(), 1);
    let creates = Rc::new_cyclic(|creates| Creates(event_loop.clone(), Cell::new(5), creates.clone()));
    event_loop.add_observer(creates);
    // The first of the five is made when the run is over.
    for _ in 0..2 {
        event_loop.run_until_complete(sleep(5)).unwrap();
    }
    assert!(event_loop.all_tasks().is_empty());
    event_loop.close().unwrap();
}

#[test]
fn a_task_polls_the_future_of_another_loop_by_hand() {
    let other = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = other.create_promise::<i32>();
    let bell = Bell::new();
    let mut leaf = (&promise).into_future();
    assert!(poll_outside(&mut leaf, &bell).is_pending());
    let setter = promise.clone();
    run(async move {
        setter.set_result(4)?;
        Ok(())
    })
    .unwrap();
    assert_eq!(bell.rings(), 1);
    assert!(poll_outside(&mut leaf, &bell).is_ready());
}

// The end of a thread.

#[test]
fn loops_and_runners_in_the_variables_of_a_thread() {
    thread_local! {
        static LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
        static RUNNER: RefCell<Option<Runner>> = const { RefCell::new(None) };
    }
    // The thread's variables are dropped in an order that depends on which of them was used first.
    for before_kolo in [true, false] {
        let ended = thread::spawn(move || {
            if !before_kolo {
                run(sleep(1)).unwrap();
            }
            LOOP.set(Some(EventLoop::with_clock(Clock::Virtual).unwrap()));
            RUNNER.set(Some(Runner::builder().clock(Clock::Virtual).build().unwrap()));
            LOOP.with_borrow(|event_loop| {
                let event_loop = event_loop.as_ref().unwrap();
                event_loop.set_exception_handler(Some(Rc::new(|_| {})));
                let promise = event_loop.create_promise::<()>();
                event_loop.create_task(async move {
                    let _late = OnDrop(|| assert!(try_running_loop().is_err()));
                    (&promise).await
                });
                tick(event_loop);
            });
            RUNNER.with_borrow(|runner| {
                let left = async {
                    create_task(sleep(1000));
                    Ok(())
                };
                runner.as_ref().unwrap().run(left).unwrap();
            });
        });
        ended.join().unwrap();
    }
}

#[test]
fn a_leaf_is_dropped_when_its_loop_is_gone() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let kept = Rc::new(RefCell::new(Vec::new()));
    let list = kept.clone();
    event_loop
        .run_until_complete(async move {
            for leaf in [sleep(5), sleep(0)] {
                let mut leaf = Box::pin(leaf);
                std::future::poll_fn(|context| std::task::Poll::Ready(leaf.as_mut().poll(context).is_pending())).await;
                list.borrow_mut().push(leaf);
            }
            Ok(())
        })
        .unwrap();
    event_loop.close().unwrap();
    drop(event_loop);
    let mut leaves = kept.take();
    let mut context = Context::from_waker(Waker::noop());
    // Nobody will ever wake the first; the second was woken long ago.
    assert!(leaves[0].as_mut().poll(&mut context).is_pending());
    assert!(leaves[1].as_mut().poll(&mut context).is_ready());
    leaves.clear();
}

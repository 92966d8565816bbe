//! Calls on threads: their iterations, their ends, and what a loop knows of them.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use kolo_executor::{Clock, EventLoop, Kind, Result, Runner, create_task, running_loop, sleep};
use kolo_threads::{ThreadPoolExecutor, run_in_executor, shutdown_default_executor, to_thread, wrap_future};

use crate::support::outcome::{error_of, kind_of, panic_of};
use crate::support::runs::{in_loop, traced};

/// Long enough for a loop to fall asleep meanwhile, which has it need just as many iterations as it needs to be woken.
fn pause() -> Result<()> {
    thread::sleep(Duration::from_millis(20));
    Ok(())
}

#[test]
fn e1_the_loops_own_threads_have_asyncios_names() {
    in_loop(async {
        let name = || Ok(thread::current().name().map(str::to_owned));
        assert_eq!(to_thread(name).await?.as_deref(), Some("asyncio_0"));
        Ok(())
    });
}

#[test]
fn e2_a_call_takes_two_iterations() {
    let events = traced(async |trace| {
        to_thread(pause).await?;
        trace.log_iteration("to_thread");
        trace.start();
        run_in_executor(None, pause).await?;
        trace.log_iteration("run_in_executor");
        Ok(())
    });
    assert_eq!(events, ["+2 to_thread", "+2 run_in_executor"]);
}

#[test]
fn e2_a_run_takes_as_many_iterations_as_in_asyncio() {
    fn iterations(main: impl Future<Output = Result<()>> + 'static) -> u64 {
        let runner = Runner::builder().build().unwrap();
        runner.run(main).unwrap();
        runner.close().unwrap();
        runner.event_loop().iterations()
    }
    assert_eq!(iterations(sleep(0)), 7);
    assert_eq!(iterations(to_thread(pause)), 10);
}

#[test]
fn e3_a_call_is_submitted_where_it_is_made_and_to_thread_where_it_is_awaited() {
    in_loop(async {
        let (tell, told) = channel();
        let (first, second) = (tell.clone(), tell);
        let later = to_thread(move || Ok(second.send("to_thread")?));
        let at_once = run_in_executor(None, move || Ok(first.send("run_in_executor")?));
        assert_eq!(told.recv()?, "run_in_executor");
        assert!(told.try_recv().is_err());
        at_once.await?;
        later.await?;
        assert_eq!(told.recv()?, "to_thread");
        Ok(())
    });
}

#[test]
fn e4_cancelled_before_its_turn_a_call_is_never_made() {
    in_loop(async {
        let pool = ThreadPoolExecutor::new().max_workers(1)?;
        let (end, ended) = channel::<()>();
        let first = run_in_executor(&pool, move || Ok(ended.recv()?));
        let second = run_in_executor(&pool, || -> Result<()> { unreachable!("it was cancelled") });
        second.cancel();
        assert_eq!(kind_of(second.await), Kind::Cancelled);
        end.send(())?;
        first.await
    });
}

#[test]
fn e4_cancelled_while_it_runs_its_result_is_dropped_and_the_task_goes_on_in_two_iterations() {
    let events = traced(async |trace| {
        let (begun, has_begun) = channel();
        let (end, ended) = channel::<()>();
        let task = create_task(to_thread(move || {
            begun.send(())?;
            ended.recv()?;
            Ok("dropped")
        }));
        sleep(0).await?;
        has_begun.recv()?;
        trace.start();
        task.cancel();
        assert_eq!(kind_of(task.await), Kind::Cancelled);
        trace.log_iteration("cancelled");
        end.send(())?;
        Ok(())
    });
    assert_eq!(events, ["+2 cancelled"]);
}

#[test]
fn e7_the_end_of_the_loops_own_threads_takes_two_iterations_and_none_without_any() {
    let events = traced(async |trace| {
        to_thread(pause).await?;
        trace.start();
        shutdown_default_executor(None).await?;
        trace.log_iteration("with a pool");
        let refused = error_of(run_in_executor(None, pause).await);
        assert_eq!(refused, (Kind::Runtime, "Executor shutdown has been called".to_owned()));
        Ok(())
    });
    assert_eq!(events, ["+2 with a pool"]);
    let events = traced(async |trace| {
        shutdown_default_executor(None).await?;
        trace.log_iteration("without");
        assert_eq!(kind_of(to_thread(pause).await), Kind::Runtime);
        Ok(())
    });
    assert_eq!(events, ["+0 without"]);
}

#[test]
fn the_end_of_a_run_waits_for_the_calls_under_way() {
    let (tell, told) = channel();
    in_loop(async {
        drop(run_in_executor(None, move || {
            pause()?;
            Ok(tell.send("done")?)
        }));
        Ok(())
    });
    assert_eq!(told.try_recv(), Ok("done"));
}

#[test]
fn a_panic_is_the_calls_error_and_its_thread_goes_on() {
    in_loop(async {
        let pool = ThreadPoolExecutor::new().max_workers(1)?;
        let error = run_in_executor(&pool, || -> Result<()> { panic!("oh") }).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panic, "oh"));
        assert_eq!(run_in_executor(&pool, || Ok(1)).await?, 1);
        Ok(())
    });
}

#[test]
fn a_call_under_way_holds_the_virtual_clock_and_is_no_deadlock() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let time = event_loop.run_until_complete(async {
        let timer = create_task(sleep(3600));
        to_thread(pause).await?;
        let time = running_loop().time();
        timer.await?;
        Ok(time)
    });
    assert!(time.unwrap() < 3600.0);
}

#[test]
fn a_loop_that_is_closed_under_a_call_hears_nothing_of_it() {
    let (end, ended) = channel::<()>();
    let (tell, told) = channel();
    let event_loop = EventLoop::new().unwrap();
    event_loop
        .run_until_complete(async move {
            drop(run_in_executor(None, move || {
                ended.recv()?;
                Ok(tell.send(thread::current().name().map(str::to_owned))?)
            }));
            Ok(())
        })
        .unwrap();
    event_loop.close().unwrap();
    end.send(()).unwrap();
    assert_eq!(told.recv().unwrap().as_deref(), Some("asyncio_0"));
}

#[test]
fn a_hundred_thousand_calls_leave_no_thread_and_no_descriptor() {
    for _ in 0..100 {
        in_loop(async move {
            let calls: Vec<_> = (0..1000).map(|n| run_in_executor(None, move || Ok(n))).collect();
            for (n, call) in calls.into_iter().enumerate() {
                assert_eq!(call.await?, n);
            }
            Ok(())
        });
    }
    let count = |of: &str| std::fs::read_dir(of).map_or(0, Iterator::count);
    // The other tests of this program have a few too. Had each run left what a loop or a pool has, there would be hundreds.
    assert!(count("/proc/self/task") < 200);
    assert!(count("/proc/self/fd") < 200);
}

#[test]
fn a_future_is_awaited_and_keeps_its_result() {
    in_loop(async {
        let pool = ThreadPoolExecutor::new();
        let future = pool.submit(|| Ok(42))?;
        assert_eq!(wrap_future(&future).await?, 42);
        let promise = wrap_future(&future);
        promise.cancel();
        assert_eq!(kind_of(promise.clone().await), Kind::Cancelled);
        assert!(promise.cancelled());
        assert_eq!(future.result()?, 42);
        Ok(())
    });
    let future = ThreadPoolExecutor::new().submit(|| Ok(1)).unwrap();
    assert!(panic_of(|| wrap_future(&future)).contains("no running event loop"));
}

#[test]
fn who_cancels_a_future_cancels_what_awaits_it() {
    in_loop(async {
        let pool = ThreadPoolExecutor::new().max_workers(1)?;
        let (end, ended) = channel::<()>();
        let _first = pool.submit(move || Ok(ended.recv().is_ok()))?;
        let second = pool.submit(|| Ok(2))?;
        let promise = wrap_future(&second);
        assert!(second.cancel());
        assert_eq!(kind_of(promise.clone().await), Kind::Cancelled);
        assert!(promise.cancelled());
        end.send(())?;
        Ok(())
    });
}

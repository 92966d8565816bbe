//! Where an error was made: the line of the user, or none. Never one of kolo's.

use std::io;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use kolo_executor::primitive::WaitQueue;
use kolo_executor::testing::run;
use kolo_executor::{
    Clock, ContextVar, Error, IncompleteRead, Kind, Promise, Result, Runner, Timeout, as_completed, create_task, gather,
    running_loop, sleep, task_group, timeout, try_running_loop, wait, wait_for,
};

use super::line_in;
use crate::support::runs::virtual_loop;

/// The line of this file where the error of `outcome` was made.
#[track_caller]
fn line_of<T>(outcome: Result<T>) -> u32 {
    let error = outcome.err().expect("an error");
    line_in("errors/places.rs", error.place())
}

/// Whether nothing is said of where it was made.
#[track_caller]
fn is_nowhere<T>(outcome: Result<T>) -> bool {
    let error = outcome.err().expect("an error");
    error.place().is_none()
}

#[test]
fn where_it_is_made() {
    let errors = [
        Error::new(Kind::Other, "here"),
        Error::value("here"),
        Error::runtime("here"),
        Error::invalid_state("here"),
        Error::timeout(),
        Error::other("here"),
        Error::cancelled_with("here"),
        Error::group("here", Vec::new()),
        Error::from(io::Error::other("here")),
        Error::from_boxed(Box::from("here")),
        Error::from_boxed_local("here".into()),
        io::Error::other("here").into(),
    ];
    let first = line!() - 13;
    let lines: Vec<u32> = errors.iter().map(|error| line_of(Err::<(), _>(error.clone()))).collect();
    assert_eq!(lines, (first..first + 12).collect::<Vec<_>>());
    assert!(is_nowhere(Err::<(), _>(Error::cancelled())));
}

#[test]
fn where_it_is_converted() {
    fn plain() -> Result<()> {
        Err(io::Error::other("bad"))?;
        Ok(())
    }
    async fn in_a_coroutine() -> Result<()> {
        sleep(0).await?;
        Err(IncompleteRead {
            partial: Vec::new(),
            expected: None,
        })?;
        Ok(())
    }
    let line = line!();
    assert_eq!(line_of(plain()), line - 11);
    // Of an expression of several lines it is the first.
    assert_eq!(line_of(run(in_a_coroutine())), line - 6);
    // An error of kolo's that goes on by `?` stays where it was.
    let outer = || -> Result<()> {
        plain()?;
        Ok(())
    };
    assert_eq!(line_of(outer()), line - 11);
}

#[test]
fn it_can_be_placed() {
    #[track_caller]
    fn misused() -> Error {
        let caller = Location::caller();
        Some(()).map_or_else(Error::cancelled, |()| Error::value("misused").at(caller))
    }
    let error = misused();
    assert_eq!(line_in("errors/places.rs", error.place()), line!() - 1);
    // One that others hold stays for them as it is.
    let elsewhere = error.clone().without_place();
    assert!(elsewhere.place().is_none() && error.place().is_some());
    assert_eq!((elsewhere.kind(), elsewhere.message()), (Kind::Value, "misused"));
}

/// The lines on which these fail, from that of the first on.
macro_rules! fail_here {
    ($($misuse:expr;)+) => {
        [$(line_of($misuse)),+]
    };
}

#[test]
fn misuses_of_promises_and_loops_are_where_they_happen() {
    let event_loop = virtual_loop();
    let closed = virtual_loop();
    closed.close().unwrap();
    let far = virtual_loop().create_promise::<()>();
    let [pending, done] = [(); 2].map(|()| event_loop.create_promise::<i32>());
    done.set_result(1).unwrap();
    let moved = done.clone();
    moved.take_result().unwrap();
    let (reader, _writer) = std::io::pipe().unwrap();
    let runner = Runner::builder().clock(Clock::Virtual).build().unwrap();
    runner.close().unwrap();
    let [one, other] = [(); 2].map(|()| ContextVar::<i32>::new("n"));
    let token = one.set(1);
    let first = line!() + 2;
    let lines = fail_here! {
        pending.result();
        pending.take_result();
        pending.error();
        pending.as_any().error();
        moved.result();
        moved.take_result();
        done.set_result(2);
        done.set_error(Error::value("late"));
        event_loop.create_task(async { Ok(1) }).set_result(2);
        event_loop.ensure_future(&far);
        event_loop.run_until_complete(&far);
        closed.run_until_complete(async { Ok(()) });
        closed.run_forever();
        closed.turn();
        closed.add_reader(&reader, || ());
        closed.add_writer(&reader, || ());
        closed.remote().call_soon(|| ());
        closed.create_task(async { Ok(()) }).take_result();
        runner.run(async { Ok(()) });
        other.reset(token);
        try_running_loop();
        WaitQueue::new("park").bind();
        Timeout::after(1).reschedule(1);
        Timeout::after(1).reschedule(f64::NAN);
        event_loop.remote().spawn(|| async { Ok(()) }).wait();
        event_loop.remote().spawn(|| async { Ok(()) }).wait_timeout(Duration::ZERO);
        event_loop.add_reader(&std::fs::File::open("/dev/null").unwrap(), || ());
    };
    assert_eq!(lines.to_vec(), (first..first + lines.len() as u32).collect::<Vec<_>>());
    event_loop.run_until_complete(async { Ok(()) }).unwrap();
}

#[test]
fn awaits_that_are_refused_are_where_they_stand() {
    let far = virtual_loop().create_promise::<()>();
    run(async move {
        let this = running_loop();
        let first = line!() + 2;
        let lines = fail_here! {
            (&far).await;
            gather([&Promise::<()>::new(), &far]).await;
            as_completed([&far]).next().await.unwrap();
            as_completed([&Promise::<()>::new()]).timeout(1).next().await.unwrap();
            sleep(f64::NAN).await;
            wait(Vec::<Promise<()>>::new()).await;
            wait([&far]).timeout(f64::NAN).await;
            timeout(f64::NAN, async { Ok(()) }).await;
            this.run_forever();
            this.close();
            kolo_executor::run(async { Ok(()) });
            task_group(async |_| Err::<(), _>(Error::value("bad"))).await;
        };
        assert_eq!(lines.to_vec(), (first..first + lines.len() as u32).collect::<Vec<_>>());
        let mut group = None;
        task_group(async |inner| {
            group = Some(inner);
            Ok(())
        })
        .await?;
        assert_eq!(line_of(group.unwrap().create_task(async { Ok(()) })), line!());
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_has_no_line_names_none() {
    run(async {
        let forever = || sleep(3600);
        assert!(is_nowhere(wait_for(forever(), 1).await));
        assert!(is_nowhere(wait_for(forever(), 0).await));
        assert!(is_nowhere(timeout(1, forever()).await));
        assert!(is_nowhere(wait_for(forever(), f64::NAN).await));
        let cancelled = create_task(forever());
        sleep(0).await?;
        cancelled.cancel_with("enough");
        assert!(is_nowhere(cancelled.await));
        assert!(is_nowhere(create_task(async { panic_now() }).await));
        let deadline = Timeout::after(None);
        deadline.clone().run(async { Ok(()) }).await?;
        assert!(is_nowhere(deadline.run(async { Ok(()) }).await));
        Ok(())
    })
    .unwrap();
    assert!(is_nowhere(run(Promise::<()>::new().into_future())), "a deadlock");
    // A function that is given as a value is called by the standard library.
    let parsed: Result<u8, Box<dyn std::error::Error>> = "x".parse().map_err(Into::into);
    assert!(is_nowhere(parsed.map_err(Error::from_boxed_local)));
    assert!(is_nowhere(None::<()>.ok_or_else(Error::timeout)));
    let closed = virtual_loop();
    let remote = closed.remote().spawn(|| async { Ok(()) });
    closed.close().unwrap();
    assert!(is_nowhere(std::thread::spawn(move || remote.wait()).join().unwrap()));
    let _kept: Rc<()> = Rc::default();
}

fn panic_now() -> Result<()> {
    panic!("in a task")
}

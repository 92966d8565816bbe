//! Ctrl-C during a run. It concerns the main thread, which the usual harness keeps for itself, and the whole process: so this program is
//! its own harness, and runs each case in a process of its own, which sends itself the signal.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::cell::Cell;
use std::env;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio, exit};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kolo_executor::testing::Trace;
use kolo_executor::{
    AnyPromise, Clock, Error, EventLoop, Kind, Promise, Result, Runner, Turn, create_task, current_task, gather, run,
    running_loop, sleep,
};
use signal_hook::consts::{SIGINT, SIGUSR1};
use signal_hook::flag;
use signal_hook::low_level::raise;
use support::outcome::kind_of;

/// How the process of a case has to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// By itself, with every assertion of the case true.
    Itself,
    /// By the signal.
    Killed,
}

struct Case {
    name: &'static str,
    body: fn(),
    end: End,
    /// A shell command before the case, in its process.
    before: &'static str,
}

const fn case(name: &'static str, body: fn()) -> Case {
    Case {
        name,
        body,
        end: End::Itself,
        before: "",
    }
}

impl Case {
    const fn after(self, before: &'static str) -> Case {
        Case { before, ..self }
    }

    const fn killed(self) -> Case {
        Case {
            end: End::Killed,
            ..self
        }
    }
}

static CASES: &[Case] = &[
    case("test_interrupt_call_soon", test_interrupt_call_soon),
    case("test_interrupt_wait", test_interrupt_wait),
    case("test_interrupt_cancelled_task", test_interrupt_cancelled_task),
    case("test_signal_install_not_supported_ok", test_signal_install_not_supported_ok).after("ulimit -n 64"),
    case("reaches_tasks_that_gather_each_other", reaches_a_circle),
    case("swallowed", swallowed),
    case("replaced_by_an_error", replaced_by_an_error),
    case("in_the_last_step", in_the_last_step),
    case("second_ends_the_run", second_ends_the_run),
    case("counted_for_each_run", counted_for_each_run),
    case("wakes_a_loop_that_waits", wakes_a_loop_that_waits),
    case("another_signal_does_not_end_a_wait", another_signal_does_not_end_a_wait),
    case("does_not_stand_in_the_way_of_the_proof_of_deadlock", deadlock_is_proved),
    case("a_stuck_loop_is_killed_by_the_second", stuck).killed(),
    case("after_the_run_it_kills", after_the_run).killed(),
    case("on_the_loop_alone_it_ends_the_run", on_the_loop_alone),
    case("ignored_from_the_start", ignored_from_the_start).after("trap '' INT"),
    case("ignored_without_descriptors", ignored_without_descriptors).after("trap '' INT; ulimit -n 64"),
    case("a_thread_named_main_is_not_the_main_thread", a_thread_named_main).killed(),
    case(
        "the_main_thread_takes_it_after_a_run_of_another",
        the_main_thread_after_another,
    ),
    case("turns_leave_it_alone", turns_leave_it_alone).killed(),
    case("turns_leave_it_alone_after_a_run", turns_after_a_run).killed(),
    case("a_program_that_takes_turns_ends_in_good_order", ends_in_good_order),
];

/// Names the case to be run in this process.
const CASE: &str = "KOLO_TEST_CASE";

fn main() {
    if let Ok(name) = env::var(CASE) {
        let case = CASES.iter().find(|case| case.name == name).expect("a case of this name");
        return (case.body)();
    }
    let failed = CASES.iter().filter(|case| !passes(case)).count();
    println!("{} cases, {failed} failed", CASES.len());
    exit(i32::from(failed > 0));
}

fn passes(case: &Case) -> bool {
    let this = env::current_exe().expect("the path of this program");
    let Output { status, stderr, .. } = Command::new("sh")
        .arg("-c")
        .arg(format!("{}\nexec \"$0\"", case.before))
        .arg(this)
        .env(CASE, case.name)
        .env_remove("KOLO_CLOCK")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let ended = match status.signal() {
        Some(SIGINT) => Some(End::Killed),
        _ => status.success().then_some(End::Itself),
    };
    let passed = ended == Some(case.end);
    println!("test {} ... {}", case.name, if passed { "ok" } else { "FAILED" });
    if !passed {
        println!(
            "ended with {status}, not {:?}\n{}",
            case.end,
            String::from_utf8_lossy(&stderr)
        );
    }
    passed
}

/// What a user does who presses Ctrl-C.
fn press() {
    raise(SIGINT).expect("a signal");
}

fn press_at(event_loop: &EventLoop, when: f64) {
    event_loop.call_at(when, press);
}

fn virtual_runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build().expect("a runner")
}

fn test_interrupt_call_soon() {
    let runner = virtual_runner();
    let outcome: Result<()> = runner.run(async {
        let mut turns = 0;
        loop {
            turns += 1;
            if turns == 10 {
                running_loop().call_soon(press);
            }
            // Far fewer turns than the loop takes before it looks at its descriptors.
            assert!(turns < 20, "noticed soon");
            if let Err(error) = sleep(0).await {
                assert!(error.is_cancelled());
                return Err(error);
            }
        }
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
}

fn test_interrupt_wait() {
    let runner = virtual_runner();
    let promise: Promise<()> = runner.event_loop().create_promise();
    press_at(runner.event_loop(), 0.1);
    let waited = promise.clone();
    let outcome = runner.run(async move {
        let error = waited.await.expect_err("a cancellation");
        assert!(error.is_cancelled());
        Err::<(), Error>(error)
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    assert!(promise.cancelled());
    assert_eq!(runner.event_loop().time(), 0.1);
}

fn test_interrupt_cancelled_task() {
    let runner = virtual_runner();
    let outcome = runner.run(async {
        let main = current_task().expect("a task");
        create_task(async move {
            sleep(0).await?;
            main.cancel();
            press();
            Ok(())
        });
        sleep(10).await
    });
    assert_eq!(kind_of(outcome), Kind::Cancelled);
}

fn test_signal_install_not_supported_ok() {
    let runner = virtual_runner();
    let mut descriptors = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        descriptors.push(file);
    }
    // None is left for what a signal wakes the loop by.
    assert_eq!(runner.run(async { sleep(1).await.map(|()| 7) }).unwrap(), 7);
}

fn reaches_a_circle() {
    let runner = virtual_runner();
    press_at(runner.event_loop(), 1.0);
    let outcome = runner.run(async {
        let main = AnyPromise::clone(&current_task().expect("a task"));
        let other = create_task(async move { gather([main]).await.map(drop) });
        gather([other]).await.map(drop)
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    assert_eq!(runner.event_loop().time(), 1.0);
    runner.close().expect("whoever is left ends with the loop");
}

fn swallowed() {
    let runner = virtual_runner();
    press_at(runner.event_loop(), 1.0);
    let outcome = runner.run(async {
        assert!(sleep(10).await.is_err());
        Ok(current_task().expect("a task").cancelling())
    });
    assert_eq!(outcome.unwrap(), 1);
}

fn replaced_by_an_error() {
    let runner = virtual_runner();
    press_at(runner.event_loop(), 1.0);
    let outcome = runner.run(async { sleep(10).await.map_err(|_| Error::value("replaced")) });
    assert_eq!(kind_of(outcome), Kind::Value);
}

fn in_the_last_step() {
    let outcome = run(async {
        press();
        Ok(5)
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
}

fn second_ends_the_run() {
    let trace = Trace::new();
    let runner = virtual_runner();
    press_at(runner.event_loop(), 1.0);
    press_at(runner.event_loop(), 2.0);
    let events = trace.clone();
    let outcome = runner.run(async move {
        let cancelled = sleep(10).await;
        events.log_time("cleans up");
        if let Err(error) = sleep(10).await {
            assert!(error.is_cancelled());
            let requests = current_task().expect("a task").cancelling();
            events.log_time(format_args!("cancelled again, {requests} requests"));
            sleep(1).await?;
            events.log_time("cleaned up");
        }
        cancelled
    });
    trace.log(format_args!("the run ends with {:?}", kind_of(outcome)));
    runner.close().unwrap();
    assert_eq!(
        trace.take(),
        [
            "1s cleans up",
            "the run ends with KeyboardInterrupt",
            "2s cancelled again, 2 requests",
            "3s cleaned up",
        ]
    );
}

fn counted_for_each_run() {
    let runner = virtual_runner();
    for _ in 0..2 {
        let outcome = runner.run(async {
            running_loop().call_later(1, press);
            Ok(sleep(10).await.is_err())
        });
        assert!(outcome.unwrap(), "the first of its run");
    }
}

fn wakes_a_loop_that_waits() {
    let runner = Runner::builder()
        .clock(Clock::Real)
        .deadlock_detection(false)
        .build()
        .unwrap();
    let cleaned_up = Rc::new(Cell::new(false));
    let seen = cleaned_up.clone();
    let outcome = runner.run(async move {
        // Before or after the loop has fallen asleep: it is woken.
        thread::spawn(press);
        let outcome = Promise::<()>::new().await;
        seen.set(true);
        outcome
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    assert!(cleaned_up.get());
}

fn another_signal_does_not_end_a_wait() {
    let noticed = Arc::new(AtomicBool::new(false));
    flag::register(SIGUSR1, noticed.clone()).unwrap();
    let start = Instant::now();
    let outcome = virtual_runner().run(async {
        let _alive = running_loop().keep_alive();
        // To the process, of which the system picks a thread: the main one, while that does not mind.
        let signal = format!("for i in 1 2 3; do kill -USR1 {}; done", std::process::id());
        thread::spawn(|| Command::new("sh").arg("-c").arg(signal).status().expect("a shell"));
        sleep(0.1).await
    });
    outcome.unwrap();
    assert!(start.elapsed() >= Duration::from_secs_f64(0.1), "the clock jumped");
    assert!(noticed.load(Ordering::SeqCst));
}

fn deadlock_is_proved() {
    assert_eq!(kind_of(run(Promise::<()>::new().into_future())), Kind::Deadlock);
}

fn stuck() {
    let _ = run(async {
        press();
        press();
        Ok(())
    });
}

fn after_the_run() {
    run(async { Ok(()) }).unwrap();
    press();
}

fn on_the_loop_alone() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let task = event_loop.create_task(async {
        press();
        sleep(1).await.map(|()| "went on")
    });
    let ended = event_loop.run_until_complete(&task);
    assert_eq!(ended.unwrap_err().kind(), Kind::KeyboardInterrupt);
    assert!(
        !task.done() && task.cancelling() == 0,
        "there is no main task to be cancelled"
    );
    // The loop can be used again, and the next run has its own Ctrl-C.
    assert_eq!(event_loop.run_until_complete(task).unwrap(), "went on");
    event_loop.call_soon(press);
    assert_eq!(event_loop.run_forever().unwrap_err().kind(), Kind::KeyboardInterrupt);
}

fn ignored_from_the_start() {
    let outcome = run(async {
        press();
        press();
        sleep(0).await.map(|()| "went on")
    });
    assert_eq!(outcome.unwrap(), "went on");
    press();
}

/// Whether somebody ignores it cannot be told without a descriptor: then it is left alone.
fn ignored_without_descriptors() {
    let runner = virtual_runner();
    let mut all = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        all.push(file);
    }
    let outcome = runner.run(async {
        press();
        sleep(1).await.map(|()| 42)
    });
    press();
    drop(all);
    assert_eq!(outcome.unwrap(), 42);
}

fn a_thread_named_main() {
    let named = thread::Builder::new().name("main".to_owned());
    let thread = named.spawn(|| {
        let runner = virtual_runner();
        runner.run(async {
            press();
            sleep(1).await
        })
    });
    thread.unwrap().join().unwrap().unwrap();
}

fn the_main_thread_after_another() {
    thread::spawn(|| virtual_runner().run(sleep(1)).unwrap()).join().unwrap();
    let outcome = virtual_runner().run(async {
        press();
        sleep(1).await
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
}

fn turns_leave_it_alone() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.call_soon(press);
    event_loop.turn().unwrap();
}

fn turns_after_a_run() {
    // The run has taken it, and has given it back.
    virtual_runner().run(sleep(1)).unwrap();
    turns_leave_it_alone();
}

/// The program handles it as it likes: it cancels its tasks, and goes on until they are done.
fn ends_in_good_order() {
    let pressed = Arc::new(AtomicBool::new(false));
    flag::register(SIGINT, pressed.clone()).unwrap();
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let trace = Trace::new();
    let events = trace.clone();
    let server = event_loop.create_task(async move {
        let stopped = sleep(3600).await;
        trace.log(format_args!("stopped: {}", stopped.as_ref().unwrap_err().is_cancelled()));
        sleep(0).await?;
        trace.log("cleaned up");
        stopped
    });
    event_loop.turn().unwrap();
    // Between two turns, and in one.
    press();
    event_loop.call_soon(press);
    loop {
        let turn = event_loop.turn().unwrap();
        if pressed.swap(false, Ordering::SeqCst) {
            server.cancel();
        } else if turn == Turn::Done {
            break;
        }
    }
    assert!(server.cancelled());
    assert_eq!(events.take(), ["stopped: true", "cleaned up"]);
}

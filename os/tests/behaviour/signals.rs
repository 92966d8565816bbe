//! Handlers of signals. Signals are the whole program's: each test has its own.

use std::cell::RefCell;
use std::rc::Rc;

use kolo::{Kind, Result, add_signal_handler, create_subprocess_shell, remove_signal_handler, run, running_loop, sleep};

const SIGUSR1: i32 = 10;
const SIGUSR2: i32 = 12;
const SIGWINCH: i32 = 28;
const SIGCONT: i32 = 18;

/// Sends this program a signal, which has arrived when it returns.
fn send(signal: i32) {
    signal_hook::low_level::raise(signal).expect("a signal");
}

#[test]
fn a_handler_is_called_two_iterations_after_its_signal() {
    run(async {
        let calls = Rc::new(RefCell::new(Vec::new()));
        let log = calls.clone();
        add_signal_handler(SIGUSR1, move || log.borrow_mut().push(running_loop().iterations()))?;
        sleep(0).await?;
        let before = running_loop().iterations();
        send(SIGUSR1);
        send(SIGUSR1);
        for _ in 0..4 {
            sleep(0).await?;
        }
        assert_eq!(*calls.borrow(), [before + 2, before + 2]);
        assert!(remove_signal_handler(SIGUSR1)?);
        assert!(!remove_signal_handler(SIGUSR1)?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_handler_takes_the_place_of_the_one_before() {
    run(async {
        let calls = Rc::new(RefCell::new(Vec::new()));
        for name in ["first", "second"] {
            let log = calls.clone();
            add_signal_handler(SIGUSR2, move || log.borrow_mut().push(name))?;
        }
        send(SIGUSR2);
        for _ in 0..4 {
            sleep(0).await?;
        }
        assert_eq!(*calls.borrow(), ["second"]);
        Ok(())
    })
    .unwrap();
    // The end of the loop has removed it: once more it would be called by nobody, and this thread has a new loop.
    run(async { remove_signal_handler(SIGUSR2).map(|was_there| assert!(!was_there)) }).unwrap();
}

#[test]
fn what_cannot_be_handled_is_refused() {
    run(async {
        let refused = |signal| add_signal_handler(signal, || {}).unwrap_err();
        for signal in [0, -1, 999, 65] {
            let error = refused(signal);
            assert_eq!(
                (error.kind(), error.message()),
                (Kind::Value, &*format!("invalid signal number {signal}"))
            );
            assert_eq!(remove_signal_handler(signal).unwrap_err().kind(), Kind::Value);
        }
        for signal in [9, 19] {
            let error = refused(signal);
            assert_eq!(
                (error.kind(), error.message()),
                (Kind::Runtime, &*format!("sig {signal} cannot be caught"))
            );
            assert!(!remove_signal_handler(signal)?);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(add_signal_handler(SIGCONT, || {}).unwrap_err().kind(), Kind::Runtime);
}

#[test]
fn loops_of_several_threads_hear_the_same_signal() {
    fn wait_for_it(ready: std::sync::mpsc::Sender<()>) -> Result<()> {
        run(async move {
            let heard = kolo::Promise::new();
            let setter = heard.clone();
            add_signal_handler(SIGWINCH, move || drop(setter.set_result(())))?;
            ready.send(()).expect("the test waits");
            heard.await
        })
    }
    let (ready, arrived) = std::sync::mpsc::channel();
    let threads = [0, 1].map(|_| {
        let ready = ready.clone();
        std::thread::spawn(move || wait_for_it(ready))
    });
    arrived.iter().take(2).for_each(drop);
    send(SIGWINCH);
    for thread in threads {
        thread.join().expect("no panic").expect("heard");
    }
}

#[test]
fn after_its_removal_a_signal_does_what_it_does_by_default() {
    // In a program of its own, which it ends.
    if std::env::var_os("KOLO_ENDS_BY_HUP").is_some() {
        run::<()>(async {
            add_signal_handler(1, || {})?;
            send(1);
            sleep(0).await?;
            assert!(remove_signal_handler(1)?);
            send(1);
            unreachable!("it has ended")
        })
        .unwrap();
    }
    run(async {
        let me = std::env::current_exe()?;
        let name = "signals::after_its_removal_a_signal_does_what_it_does_by_default";
        let child = kolo::create_subprocess_exec([me.as_os_str(), "--exact".as_ref(), name.as_ref()])
            .env("KOLO_ENDS_BY_HUP", "1")
            .stdout(kolo::DEVNULL);
        assert_eq!(child.await?.wait().await?, -1);
        assert_eq!(create_subprocess_shell("exit 0").await?.wait().await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn of_a_real_time_signal_none_is_lost_and_after_its_removal_it_ends_the_program() {
    const NUMBER: i32 = 40;
    if std::env::var_os("KOLO_ENDS_BY_REAL_TIME_SIGNAL").is_some() {
        run::<()>(async {
            let calls = Rc::new(std::cell::Cell::new(0));
            let count = calls.clone();
            add_signal_handler(NUMBER, move || count.set(count.get() + 1))?;
            sleep(0).await?;
            // More than the system's buffer for them holds at a time could be lost.
            (0..50).for_each(|_| send(NUMBER));
            for _ in 0..4 {
                sleep(0).await?;
            }
            assert_eq!(calls.get(), 50);
            create_subprocess_shell("kill -40 $PPID").await?.wait().await?;
            while calls.get() == 50 {
                sleep(0).await?;
            }
            assert!(remove_signal_handler(NUMBER)?);
            send(NUMBER);
            unreachable!("it has ended")
        })
        .unwrap();
    }
    run(async {
        let me = std::env::current_exe()?;
        let name = "signals::of_a_real_time_signal_none_is_lost_and_after_its_removal_it_ends_the_program";
        let child = kolo::create_subprocess_exec([me.as_os_str(), "--exact".as_ref(), name.as_ref()])
            .env("KOLO_ENDS_BY_REAL_TIME_SIGNAL", "1")
            .stdout(kolo::DEVNULL);
        let child = child.await?;
        let refused = child.send_signal(NUMBER).unwrap_err();
        assert_eq!(refused.kind(), Kind::Value);
        assert!(refused.message().starts_with("real-time signal 40 cannot be sent to a child"));
        assert_eq!(child.wait().await?, 128 + NUMBER);
        Ok(())
    })
    .unwrap();
}

//! What is left of a file that nobody has any more.

use std::fs;

use kolo_executor::{EventLoop, Kind, create_task, sleep};
use kolo_os::open;
use kolo_threads::{ThreadPoolExecutor, set_default_executor};

use crate::scratch::Scratch;
use crate::support::outcome::kind_of;
use crate::support::runs::in_loop;

#[test]
fn a_file_that_is_dropped_is_written_there_and_then() {
    in_loop(async {
        let file = Scratch::new("");
        for n in 0..500 {
            let text = open(&file.0, "w").await?;
            let clone = text.clone();
            text.write(n.to_string()).await?;
            drop(text);
            assert_eq!(file.content(), "");
            drop(clone);
            assert_eq!(file.content(), n.to_string());
        }
        Ok(())
    });
}

#[test]
fn one_that_is_dropped_under_an_operation_is_written_before_the_run_has_ended() {
    for n in 0..200 {
        let file = Scratch::new("");
        let path = file.0.clone();
        in_loop(async move {
            let text = open(&path, "w").await?;
            text.write("first ").await?;
            let writing = create_task(async move { text.write(n.to_string()).await });
            // It asks, and neither it nor anybody else waits for the answer.
            sleep(0).await?;
            drop(writing);
            Ok(())
        });
        let content = file.content();
        assert!(content == format!("first {n}") || content == "first ", "{content}");
    }
}

#[test]
fn one_whose_threads_are_shut_down_is_written_all_the_same() {
    in_loop(async {
        let file = Scratch::new("");
        let text = open(&file.0, "w").await?;
        text.write("kept").await?;
        let pool = std::sync::Arc::new(ThreadPoolExecutor::new());
        set_default_executor(pool.clone());
        pool.shutdown(true, false);
        assert_eq!(kind_of(text.write("refused").await), Kind::Runtime);
        drop(text);
        assert_eq!(file.content(), "kept");
        Ok(())
    });
}

#[test]
fn one_that_outlives_its_loop_is_written_when_it_is_dropped() {
    let file = Scratch::new("");
    let event_loop = EventLoop::new().unwrap();
    let path = file.0.clone();
    let text = event_loop.run_until_complete(async move {
        let text = open(&path, "w").await?;
        text.write("kept").await?;
        Ok(text)
    });
    event_loop.close().unwrap();
    drop(text);
    assert_eq!(file.content(), "kept");
    fs::write(&file.0, "").unwrap();
}

#[test]
fn operations_whose_pool_gives_them_up_are_cancelled_and_what_was_written_before_is_kept() {
    in_loop(async {
        let file = Scratch::new("");
        let text = open(&file.0, "w").await?;
        text.write("kept").await?;
        let pool = std::sync::Arc::new(ThreadPoolExecutor::new().max_workers(1)?);
        set_default_executor(pool.clone());
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let blocked = pool.submit(move || {
            begun.send(())?;
            Ok(ended.recv().is_ok())
        })?;
        has_begun.recv()?;
        let writing = create_task(async move { text.write("given up").await });
        sleep(0).await?;
        pool.shutdown(false, true);
        end.send(())?;
        assert_eq!(kind_of(writing.await), Kind::Cancelled);
        assert!(blocked.result()?);
        assert_eq!(file.content(), "kept");
        Ok(())
    });
}

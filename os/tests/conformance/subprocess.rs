//! Cases of `test_subprocess`.

use kolo::{
    DEVNULL, PIPE, Process, Result, create_subprocess_exec, create_subprocess_shell, create_task, gather, run, sleep, timeout,
};

/// Counts the bytes that it reads, as the suite's children do.
const COUNT: &str = "printf %s \"$(wc -c)\"";

async fn blocked() -> Result<Process> {
    create_subprocess_exec(["sleep", "3600"]).await
}

#[test]
fn test_stdin_stdout() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let stdin = process.stdin.as_ref().expect("a pipe");
        stdin.write("some data")?;
        stdin.drain().await?;
        stdin.close();
        let data = process.stdout.as_ref().expect("a pipe").read_to_end().await?;
        assert_eq!((process.wait().await?, &data[..]), (0, &b"some data"[..]));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_communicate() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let (stdout, stderr) = timeout(30, process.communicate("some data")).await?;
        assert_eq!(
            (stdout.as_deref(), stderr, process.returncode()),
            (Some(&b"some data"[..]), None, Some(0))
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_communicate_none_input() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let (stdout, _) = timeout(30, process.communicate("")).await?;
        assert_eq!((stdout.as_deref(), process.returncode()), (Some(&b""[..]), Some(0)));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_shell() {
    let returncode = run(async { create_subprocess_shell("exit 7").await?.wait().await });
    assert_eq!(returncode.unwrap(), 7);
}

#[test]
fn test_start_new_session() {
    // A group of its own: `std` has no sessions.
    let returncode = run(async { create_subprocess_shell("exit 8").process_group(0).await?.wait().await });
    assert_eq!(returncode.unwrap(), 8);
}

#[test]
fn test_kill() {
    run(async {
        let process = blocked().await?;
        process.kill()?;
        assert_eq!(process.wait().await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_kill_issue43884() {
    run(async {
        let process = create_subprocess_shell("sleep 0.5 & sleep 2; true").await?;
        sleep(0.05).await?;
        process.kill()?;
        assert_eq!(process.wait().await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_terminate() {
    run(async {
        let process = blocked().await?;
        process.terminate()?;
        assert_eq!(process.wait().await?, -15);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_send_signal() {
    run(async {
        let process = create_subprocess_shell("echo sleeping; exec sleep 3600").stdout(PIPE).await?;
        assert_eq!(process.stdout.as_ref().expect("a pipe").read_line().await?, b"sleeping\n");
        process.send_signal(1)?;
        assert_eq!(process.wait().await?, -1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_stdin_broken_pipe() {
    run(async {
        let process = create_subprocess_exec(["sleep", "0.05"]).stdin(PIPE).await?;
        let stdin = process.stdin.as_ref().expect("a pipe");
        stdin.write(vec![b'x'; 4_000_000])?;
        assert!(stdin.drain().await.is_err());
        assert_eq!(process.wait().await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_communicate_ignore_broken_pipe() {
    run(async {
        let process = create_subprocess_exec(["true"]).stdin(PIPE).await?;
        process.communicate(vec![b'x'; 4_000_000]).await?;
        assert_eq!(process.wait().await?, 0);
        Ok(())
    })
    .unwrap();
}

async fn counted(process: Process, input: &str) -> Result<String> {
    let (stdout, _) = timeout(30, process.communicate(input)).await?;
    assert_eq!(process.returncode(), Some(0));
    Ok(String::from_utf8_lossy(&stdout.expect("a pipe")).into_owned())
}

#[test]
fn test_stdin_not_inheritable() {
    run(async {
        // If the next one had our end of this pipe, it would not end.
        let first = create_subprocess_shell(COUNT).stdin(PIPE).stdout(PIPE).await?;
        let second = create_subprocess_exec(["sleep", "3600"]).await?;
        assert_eq!(counted(first, "abc").await?, "3");
        second.kill()
    })
    .unwrap();
}

#[test]
fn test_empty_input() {
    run(async {
        let process = create_subprocess_shell(COUNT).stdin(PIPE).stdout(PIPE).await?;
        assert_eq!(counted(process, "").await?, "0");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_devnull_input() {
    run(async {
        let process = create_subprocess_shell(COUNT).stdin(DEVNULL).stdout(PIPE).await?;
        assert_eq!(counted(process, "").await?, "0");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_devnull_output() {
    run(async {
        let process = create_subprocess_exec(["echo", "x"]).stdout(DEVNULL).stderr(PIPE).await?;
        assert_eq!(process.communicate("").await?, (None, Some(Vec::new())));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_devnull_error() {
    run(async {
        let process = create_subprocess_shell("echo x >&2").stdout(PIPE).stderr(DEVNULL).await?;
        assert_eq!(process.communicate("").await?, (Some(Vec::new()), None));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_devstdin_input() {
    run(async {
        let process = create_subprocess_shell("printf %s \"$(wc -c < /dev/stdin)\"")
            .stdin(PIPE)
            .stdout(PIPE)
            .await?;
        assert_eq!(counted(process, "abc").await?, "3");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_cancel_process_wait() {
    run(async {
        let process = blocked().await?;
        let waiting = create_task(process.wait());
        sleep(0).await?;
        waiting.cancel();
        assert!((&waiting).await.unwrap_err().is_cancelled());
        process.kill()?;
        process.wait().await?;
        assert!(!waiting.cancel());
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_close_kill_running() {
    run(async {
        let process = blocked().await?;
        assert_eq!(process.returncode(), None);
        let waiting = process.wait();
        drop(process);
        assert_eq!(waiting.await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_close_dont_kill_finished() {
    run(async {
        let process = create_subprocess_shell("exit 6").await?;
        std::thread::sleep(std::time::Duration::from_millis(50));
        let waiting = process.wait();
        drop(process);
        assert_eq!(waiting.await?, 6);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_read_stdout_after_process_exit() {
    run(async {
        let process = create_subprocess_shell("seq 100").stdout(PIPE).await?;
        while process.returncode().is_none() {
            sleep(0.001).await?;
        }
        let stdout = process.stdout.as_ref().expect("a pipe");
        let mut count = 0;
        while !stdout.read_line().await?.is_empty() {
            count += 1;
            sleep(0).await?;
        }
        assert_eq!(count, 100);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_create_subprocess_exec_with_path() {
    run(async {
        let program = std::path::Path::new("/bin/sh");
        let process = create_subprocess_exec([program, "-c".as_ref(), "exit 0".as_ref()]).await?;
        assert_eq!(process.wait().await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_create_subprocess_env_shell() {
    run(async {
        let process = create_subprocess_shell("printf %s \"$FOO\"")
            .env("FOO", "bar")
            .stdout(PIPE)
            .await?;
        let (stdout, _) = process.communicate("").await?;
        assert_eq!(stdout.as_deref(), Some(&b"bar"[..]));
        let waiting = create_task(process.wait());
        sleep(0).await?;
        assert!(waiting.done());
        assert_eq!(waiting.await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_concurrent_wait() {
    run(async {
        let process = create_subprocess_shell("exit 5").await?;
        let codes = gather((0..10).map(|_| process.wait()).collect::<Vec<_>>()).await?;
        assert_eq!(codes, [5; 10]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_communicate_stdout() {
    run(async {
        let talks = (0..10).map(|n| async move {
            let process = create_subprocess_exec(["echo".to_owned(), n.to_string()])
                .stdout(PIPE)
                .await?;
            process.communicate("").await.map(|(stdout, _)| stdout)
        });
        let outputs = gather(talks.collect::<Vec<_>>()).await?;
        assert_eq!(
            outputs,
            (0..10).map(|n| Some(format!("{n}\n").into_bytes())).collect::<Vec<_>>()
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_send_signal_race() {
    run(async {
        for _ in 0..20 {
            let process = create_subprocess_exec(["true"]).await?;
            let _ = process.terminate();
            assert!([0, -15].contains(&process.wait().await?));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_create_subprocess_with_pidfd() {
    let elsewhere = std::thread::spawn(|| run(async { create_subprocess_shell("exit 3").await?.wait().await }));
    assert_eq!(elsewhere.join().expect("no panic").unwrap(), 3);
}

//! Children, to the iteration: the figures are CPython's.

use kolo::{
    DEVNULL, Kind, PIPE, Result, STDOUT, create_subprocess_exec, create_subprocess_shell, create_task, run, running_loop, sleep,
    timeout,
};

/// How many iterations this takes.
async fn iterations<T>(coroutine: impl Future<Output = Result<T>>) -> Result<(T, u64)> {
    let before = running_loop().iterations();
    let value = coroutine.await?;
    Ok((value, running_loop().iterations() - before))
}

/// Whether the system knows a process of this number, a zombie too.
fn is_there(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn starting_one_takes_two_iterations_and_two_more_for_each_pipe() {
    run(async {
        let true_ = || create_subprocess_exec(["true"]);
        let (process, plain) = iterations(true_()).await?;
        process.wait().await?;
        let (process, one) = iterations(true_().stdout(PIPE)).await?;
        process.wait().await?;
        let (process, three) = iterations(true_().stdin(PIPE).stdout(PIPE).stderr(PIPE)).await?;
        process.wait().await?;
        assert_eq!([plain, one, three], [2, 4, 8]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_exit_is_noted_one_iteration_after_it_is_seen_and_waits_end_two_later() {
    run(async {
        let process = create_subprocess_shell("sleep 0.1").await?;
        // Nothing else runs: all iterations from here on are its own.
        let before = running_loop().iterations();
        assert_eq!(process.wait().await?, 0);
        assert_eq!(running_loop().iterations() - before, 4);
        assert_eq!(iterations(process.wait()).await?, (0, 0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_comes_through_a_pipe_is_read_two_iterations_later() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let (stdin, stdout) = (process.stdin.as_ref().unwrap(), process.stdout.as_ref().unwrap());
        stdin.write("hello")?;
        let (text, data) = iterations(stdout.read(100)).await?;
        assert_eq!((&text[..], data), (&b"hello"[..], 3));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_outputs_are_collected() {
    run(async {
        let process = create_subprocess_shell("cat; echo oops >&2; exit 3")
            .stdin(PIPE)
            .stdout(PIPE)
            .stderr(PIPE)
            .await?;
        let (stdout, stderr) = process.communicate("in").await?;
        assert_eq!(
            (stdout.as_deref(), stderr.as_deref()),
            (Some(&b"in"[..]), Some(&b"oops\n"[..]))
        );
        assert_eq!(process.returncode(), Some(3));
        Ok(())
    })
    .unwrap();
}

#[test]
fn streams_lead_where_they_are_told_to() {
    run(async {
        let both = create_subprocess_shell("echo out; echo err >&2")
            .stdout(PIPE)
            .stderr(STDOUT)
            .await?;
        assert!(both.stderr.is_none());
        assert_eq!(both.communicate("").await?, (Some(b"out\nerr\n".to_vec()), None));
        let null = create_subprocess_exec(["cat"]).stdin(DEVNULL).stdout(PIPE).await?;
        assert_eq!(null.communicate("").await?.0.as_deref(), Some(&b""[..]));
        let (mut ours, theirs) = std::io::pipe()?;
        let file = create_subprocess_exec(["echo", "x"]).stdout(theirs).await?;
        assert_eq!(file.wait().await?, 0);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut ours, &mut text)?;
        assert_eq!(text, "x\n");
        let refused = create_subprocess_exec(["true"]).stdout(STDOUT).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.message()),
            (Kind::Value, "STDOUT can only be used for stderr")
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn directory_environment_and_group_are_as_asked_for() {
    run(async {
        let process = create_subprocess_shell("pwd; echo $WORD; ps -o pgid= -p $$")
            .current_dir("/")
            .env("WORD", "hello")
            .process_group(0)
            .stdout(PIPE)
            .await?;
        let pid = process.pid().to_string();
        let (output, _) = process.communicate("").await?;
        let output = String::from_utf8_lossy(&output.unwrap()).into_owned();
        assert_eq!(output.split_whitespace().collect::<Vec<_>>(), ["/", "hello", &pid]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_cannot_be_started_is_refused_by_the_call_itself() {
    run(async {
        let (refused, taken) = iterations(async { Ok(create_subprocess_exec(["/no/such"]).await.unwrap_err()) }).await?;
        assert_eq!(refused.to_string(), "[Errno 2] No such file or directory: '/no/such'");
        assert_eq!((refused.kind(), refused.errno(), taken), (Kind::Io, Some(2), 0));
        let refused = create_subprocess_exec(["/etc/passwd"]).await.unwrap_err();
        assert_eq!(refused.to_string(), "[Errno 13] Permission denied: '/etc/passwd'");
        let refused = create_subprocess_exec(["true"]).current_dir("/no/such").await.unwrap_err();
        assert_eq!(refused.to_string(), "[Errno 2] No such file or directory: '/no/such'");
        assert_eq!(create_subprocess_exec::<&str>([]).await.unwrap_err().kind(), Kind::Value);
        assert_eq!(
            create_subprocess_exec(["true"]).limit(0).await.unwrap_err().message(),
            "Limit cannot be <= 0"
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn signals_end_it_with_their_number_and_one_that_is_gone_gets_none() {
    run(async {
        // Not SIGHUP: whoever runs the tests under `nohup` has children that ignore it.
        for (signal, number) in [(10, -10), (15, -15), (9, -9)] {
            let process = create_subprocess_exec(["sleep", "100"]).await?;
            match signal {
                15 => process.terminate()?,
                9 => process.kill()?,
                signal => process.send_signal(signal)?,
            }
            assert_eq!(process.wait().await?, number);
            assert_eq!(process.kill().unwrap_err().errno(), Some(3));
            assert_eq!(process.send_signal(999).unwrap_err().message(), "invalid signal number 999");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_ignores_sigterm_is_killed() {
    run(async {
        let process = create_subprocess_shell("trap '' TERM; echo ready; while :; do sleep 0.01; done")
            .stdout(PIPE)
            .await?;
        process.stdout.as_ref().unwrap().read_line().await?;
        process.terminate()?;
        let late = timeout(0.05, process.wait()).await;
        assert_eq!(late.unwrap_err().kind(), Kind::Timeout);
        process.kill()?;
        assert_eq!(process.wait().await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_grandchild_that_keeps_the_pipe_keeps_the_wait() {
    run(async {
        let command = "read line; sleep 1 & exit 5";
        let process = create_subprocess_shell(command).stdin(PIPE).stdout(PIPE).await?;
        let waiting = create_task(process.wait());
        // Its end is waited for before it is there: afterwards there is nothing to wait for.
        sleep(0).await?;
        process.stdin.as_ref().unwrap().write("go\n")?;
        while process.returncode().is_none() {
            sleep(0.001).await?;
        }
        sleep(0).await?;
        assert!(!waiting.done());
        assert_eq!(waiting.await?, 5);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_full_pipe_holds_the_child_until_somebody_reads() {
    run(async {
        let process = create_subprocess_shell("head -c 1000000 /dev/zero; exit 4")
            .stdout(PIPE)
            .await?;
        let late = timeout(0.1, process.wait()).await;
        assert_eq!(late.unwrap_err().kind(), Kind::Timeout);
        assert_eq!(process.stdout.as_ref().unwrap().read_to_end().await?.len(), 1_000_000);
        assert_eq!(process.wait().await?, 4);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_child_that_does_not_read_breaks_the_pipe() {
    run(async {
        let process = create_subprocess_shell("exec 0<&-; sleep 0.05").stdin(PIPE).await?;
        process.communicate(vec![0; 1_000_000]).await?;
        assert_eq!(process.wait().await?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancelled_wait_leaves_the_child_running() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let waiting = create_task(process.wait());
        sleep(0).await?;
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        let talking = create_task(process.communicate("x"));
        let late = create_task(async { sleep(0).await });
        talking.cancel();
        assert!(talking.await.unwrap_err().is_cancelled());
        late.await?;
        assert_eq!(process.returncode(), None);
        process.kill()?;
        assert_eq!(process.wait().await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancelled_or_dropped_start_leaves_no_child() {
    run(async {
        for step in 0..8 {
            let starting = create_task(create_subprocess_exec(["sleep", "100"]).stdin(PIPE).stdout(PIPE).stderr(PIPE));
            for _ in 0..step {
                sleep(0).await?;
            }
            starting.cancel();
            assert!(starting.await.unwrap_err().is_cancelled());
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_dropped_process_is_killed_and_reaped() {
    run(async {
        let process = create_subprocess_exec(["sleep", "100"]).await?;
        let (pid, waiting) = (process.pid(), create_task(process.wait()));
        drop(process);
        assert_eq!(waiting.await?, -9);
        assert!(!is_there(pid));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_end_of_the_loop_kills_and_reaps_what_is_left() {
    let process = run(async { create_subprocess_exec(["sleep", "100"]).stdin(PIPE).stdout(PIPE).await }).unwrap();
    assert!(!is_there(process.pid()));
}

#[test]
fn nobody_elses_children_are_touched() {
    run(async {
        let mut others = std::process::Command::new("sh").args(["-c", "exit 9"]).spawn()?;
        let process = create_subprocess_shell("exit 7").await?;
        assert_eq!(process.wait().await?, 7);
        assert_eq!(others.wait()?.code(), Some(9));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_virtual_clock_waits_for_a_child_in_real_time() {
    let returncode = kolo::testing::run(async {
        let process = create_subprocess_shell("sleep 0.05").await?;
        let late = create_task(sleep(3600));
        let outcome = timeout(1800, process.wait()).await;
        assert!(late.cancel());
        outcome
    });
    assert_eq!(returncode.unwrap(), 0);
}

#[test]
fn a_child_that_nobody_can_end_is_no_deadlock() {
    let outcome = run(async {
        let process = create_subprocess_exec(["sleep", "0.1"]).await?;
        process.wait().await
    });
    assert_eq!(outcome.unwrap(), 0);
}

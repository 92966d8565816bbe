//! `test_events`: subprocesses.

use kolo::{PIPE, STDOUT, create_subprocess_exec, create_subprocess_shell, run};

fn returncode_of(command: &'static str, signal: Option<i32>) -> i32 {
    let returncode = run(async move {
        let process = create_subprocess_shell(command).await?;
        signal.map_or(Ok(()), |signal| process.send_signal(signal))?;
        process.wait().await
    });
    returncode.unwrap()
}

#[test]
fn test_subprocess_exec() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        process.stdin.as_ref().expect("a pipe").write("Python The Winner")?;
        let output = process.stdout.as_ref().expect("a pipe").read_exactly(17).await?;
        assert_eq!(output, b"Python The Winner");
        let waiting = process.wait();
        drop(process);
        assert_eq!(waiting.await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_interactive() {
    run(async {
        let process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        for text in ["Python ", "The Winner"] {
            process.stdin.as_ref().expect("a pipe").write(text)?;
            assert_eq!(process.stdout.as_ref().expect("a pipe").read(100).await?, text.as_bytes());
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_shell() {
    run(async {
        let process = create_subprocess_shell("echo Python")
            .stdin(PIPE)
            .stdout(PIPE)
            .stderr(PIPE)
            .await?;
        assert_eq!(process.communicate("").await?, (Some(b"Python\n".to_vec()), Some(Vec::new())));
        assert_eq!(process.returncode(), Some(0));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_exitcode() {
    assert_eq!(returncode_of("exit 7", None), 7);
}

#[test]
fn test_subprocess_kill() {
    assert_eq!(returncode_of("exec sleep 3600", Some(9)), -9);
}

#[test]
fn test_subprocess_terminate() {
    assert_eq!(returncode_of("exec sleep 3600", Some(15)), -15);
}

#[test]
fn test_subprocess_send_signal() {
    assert_eq!(returncode_of("exec sleep 3600", Some(1)), -1);
}

#[test]
fn test_subprocess_stderr() {
    run(async {
        let process = create_subprocess_shell("echo OUT; echo ERR >&2")
            .stdout(PIPE)
            .stderr(PIPE)
            .await?;
        assert_eq!(
            process.communicate("").await?,
            (Some(b"OUT\n".to_vec()), Some(b"ERR\n".to_vec()))
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_stderr_redirect_to_stdout() {
    run(async {
        let process = create_subprocess_shell("echo OUT; echo ERR >&2")
            .stdout(PIPE)
            .stderr(STDOUT)
            .await?;
        assert!(process.stderr.is_none());
        assert_eq!(process.communicate("").await?, (Some(b"OUT\nERR\n".to_vec()), None));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_subprocess_wait_no_same_group() {
    let returncode = run(async { create_subprocess_shell("exit 7").process_group(0).await?.wait().await });
    assert_eq!(returncode.unwrap(), 7);
}

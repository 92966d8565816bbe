//! The ends of children, as the loop learns of them.

use kolo::testing::hops;
use kolo::{Process, Result, create_subprocess_exec, create_subprocess_shell, gather, run, timeout};
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::support::child::in_child;

async fn running() -> Result<Process> {
    create_subprocess_exec(["sleep", "3600"]).await
}

/// One that exits with 4, and the loop does not run meanwhile.
async fn told_to_exit() -> Result<Process> {
    let child = create_subprocess_shell("read line; exit 4").stdin(kolo::PIPE).await?;
    child.stdin.as_ref().unwrap().write("\n")?;
    Ok(child)
}

#[test]
fn test_sigchld() {
    run(async {
        let child = create_subprocess_shell("read line; exit 12").stdin(kolo::PIPE).await?;
        hops(3).await?;
        assert_eq!(child.returncode(), None);
        child.stdin.as_ref().unwrap().write("\n")?;
        assert_eq!(child.wait().await?, 12);
        hops(3).await?;
        assert_eq!((child.returncode(), child.wait().await?), (Some(12), 12));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_sigchld_two_children() {
    run(async {
        let (first, second) = (running().await?, running().await?);
        first.send_signal(3)?;
        assert_eq!(first.wait().await?, -3);
        assert_eq!(second.returncode(), None);
        second.kill()?;
        assert_eq!(second.wait().await?, -9);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_sigchld_two_children_terminating_together() {
    run(async {
        let children = [running().await?, running().await?];
        children.iter().try_for_each(Process::kill)?;
        assert_eq!(gather(children.each_ref().map(Process::wait)).await?, [-9, -9]);
        Ok(())
    })
    .unwrap();
}

/// It has exited before anybody looks.
#[test]
fn test_sigchld_race_condition() {
    run(async {
        let child = told_to_exit().await?;
        while !std::fs::read_to_string(format!("/proc/{}/stat", child.pid()))?.contains(" Z ") {
            std::thread::yield_now();
        }
        assert_eq!(child.returncode(), None);
        assert_eq!(child.wait().await?, 4);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_sigchld_child_reaped_elsewhere() {
    let name = concat!(module_path!(), "::test_sigchld_child_reaped_elsewhere");
    let output = in_child(name, &[], || {
        run(async {
            let child = told_to_exit().await?;
            waitpid(Pid::from_raw(child.pid() as i32), WaitOptions::empty())?;
            assert_eq!(child.wait().await?, 255);
            Ok(())
        })
        .unwrap();
    });
    let said = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    let warning = "exit status already read:  will report returncode 255";
    assert!(said.is_none_or(|said| said.contains(warning)));
}

/// A child that is not the loop's is left to whoever has it.
#[test]
fn test_sigchld_unknown_pid_during_registration() {
    run(async {
        let mut other = std::process::Command::new("sh").args(["-c", "exit 5"]).spawn()?;
        let child = create_subprocess_shell("exit 4").await?;
        assert_eq!(timeout(30, child.wait()).await?, 4);
        assert_eq!(other.wait()?.code(), Some(5));
        Ok(())
    })
    .unwrap();
}

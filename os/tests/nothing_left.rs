//! What many children leave behind. A program of its own: others would count along.
#![cfg(target_os = "linux")]

use kolo::{PIPE, create_subprocess_exec, run};

/// How many descriptors and threads this program has.
fn in_use() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|path| std::fs::read_dir(path).expect("Linux").count())
}

#[test]
fn two_thousand_leave_nothing_behind() {
    run(async {
        create_subprocess_exec(["true"]).stdout(PIPE).await?.communicate("").await?;
        let before = in_use();
        let mut pids = Vec::new();
        for _ in 0..100 {
            let starts = (0..20).map(|_| async {
                let process = create_subprocess_exec(["true"]).stdout(PIPE).await?;
                process.communicate("").await?;
                Ok((process.pid(), process.returncode()))
            });
            for (pid, returncode) in kolo::gather(starts.collect::<Vec<_>>()).await? {
                assert_eq!(returncode, Some(0));
                pids.push(pid);
            }
        }
        assert_eq!(pids.len(), 2000);
        assert_eq!(in_use(), before);
        let children = std::fs::read_to_string("/proc/thread-self/children")?;
        let is_left = |pid: &u32| children.split(' ').any(|child| child == pid.to_string());
        assert!(!pids.iter().any(is_left));
        Ok(())
    })
    .unwrap();
}

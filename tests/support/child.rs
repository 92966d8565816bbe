//! Tests that need a process of their own.

use std::env;
use std::process::{Command, Output};

/// Runs the test `name` once more, in a process of its own with these variables, where `body` runs instead, and gives what that process has
/// printed. There it is `None`.
///
/// `name` is `concat!(module_path!(), "::the_test")`: the harness knows a test by its modules, without the program's name in front.
#[track_caller]
pub(crate) fn in_child(name: &str, variables: &[(&str, Option<&str>)], body: impl FnOnce()) -> Option<Output> {
    const CHILD: &str = "KOLO_TEST_CHILD";
    let (_program, name) = name.split_once("::").expect("a path of modules");
    if let Ok(child) = env::var(CHILD) {
        assert_eq!(child, name, "the child runs the test it was made for");
        body();
        return None;
    }
    let mut child = Command::new(env::current_exe().expect("the path of this program"));
    child
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, name);
    for (variable, value) in variables {
        match value {
            Some(value) => child.env(variable, value),
            None => child.env_remove(variable),
        };
    }
    let output = child.output().expect("a process");
    assert!(output.status.success(), "{output:?}");
    // A name that fits no test would run nothing, and succeed.
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("test result: ok. 1 passed; 0 failed; 0 ignored"),
        "{name}: {told}"
    );
    Some(output)
}
